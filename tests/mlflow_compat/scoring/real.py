"""Serves saved models by the real MLflow's scoring server, all in one process, and sends it requests: what it answered, as JSON."""

import base64
import http.client
import json
import logging
import sys
import threading
import time
import warnings

import mlflow.pyfunc
import uvicorn
from fastapi import FastAPI
from mlflow.pyfunc import scoring_server

warnings.simplefilter("ignore")
logging.disable(logging.ERROR)
given = json.load(sys.stdin)
root = FastAPI()
for name, folder in given["models"].items():
    root.mount(f"/{name}", scoring_server.init(mlflow.pyfunc.load_model(folder)))
server = uvicorn.Server(uvicorn.Config(root, port=0, log_level="critical"))
threading.Thread(target=server.run, daemon=True).start()
while not server.started:
    time.sleep(0.01)
port = server.servers[0].sockets[0].getsockname()[1]
found = []
for method, path, kind, body in given["requests"]:
    connection = http.client.HTTPConnection("127.0.0.1", port)  # an error of its insides closes one
    connection.request(method, path, base64.b64decode(body), {} if kind is None else {"Content-Type": kind})
    answer = connection.getresponse()
    found.append([answer.status, answer.headers.get("content-type"), answer.read().decode("utf-8", "replace")])
print("\n" + json.dumps(found))
