"""From the published contracts to the code of `ocpp16`.

Three steps, data flowing one way: `readers` turn documents into facts, `merge` joins the facts of
both contract families into one `model.Contract`, and the writers render that model: `contracts`
as the documents in `wsdl/`, `generate` as Python modules. Imports nothing from `ocpp16`, so that it
runs when generated code is broken. Standard library only.
"""
