// npm's `soap` as client or as server; what to do comes as JSON on stdin, JSON lines go to stdout.
const http = require("http");
const soap = require("soap");

function say(value) {
  process.stdout.write(JSON.stringify(value) + "\n");
}

// The headers that OCPP-S asks for: the package knows nothing of WS-Addressing.
function headers(job, action) {
  const must = 'soap:mustUnderstand="true"';
  const wsa = 'xmlns:wsa="http://www.w3.org/2005/08/addressing"';
  return [
    `<id:chargeBoxIdentity xmlns:id="${job.namespace}" ${must}>CP1</id:chargeBoxIdentity>`,
    `<wsa:Action ${wsa} ${must}>/${action}</wsa:Action>`,
    `<wsa:MessageID ${wsa}>urn:node:${action}</wsa:MessageID>`,
    `<wsa:From ${wsa}><wsa:Address>http://127.0.0.1:1/</wsa:Address></wsa:From>`,
    `<wsa:To ${wsa}>${job.url}</wsa:To>`,
  ];
}

async function call(job) {
  const client = await soap.createClientAsync(`${job.url}?wsdl`, { forceSoap12Headers: true });
  client.setEndpoint(job.url);
  for (const [action, payload] of Object.entries(job.requests)) {
    client.clearSoapHeaders();
    headers(job, action).forEach((header) => client.addSoapHeader(header));
    try {
      const [answer] = await client[`${action}Async`](payload, { timeout: 10000 });
      say({ action, answer: answer ?? null });
    } catch (error) {
      say({ action, error: String(error.message || error), body: error.body });
    }
  }
}

function serve(job) {
  const operations = {};
  for (const [action, answer] of Object.entries(job.answers)) {
    operations[action] = (request) => {
      say({ action, request });
      return answer;
    };
  }
  const services = { CentralSystemService: { CentralSystemServiceSoap12: operations } };
  const server = http.createServer((request, response) => response.writeHead(404).end());
  server.listen(0, "127.0.0.1", () => {
    soap.listen(server, { path: "/ocpp", services, xml: job.wsdl, forceSoap12Headers: true });
    say({ port: server.address().port });
  });
}

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  text += chunk;
  if (!text.endsWith("\n")) return;
  const job = JSON.parse(text);
  if (job.requests) {
    call(job).then(() => process.exit(0));
  } else {
    process.stdin.on("end", () => process.exit(0));
    serve(job);
  }
});
