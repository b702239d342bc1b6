"""Makes users, grants and a role on the MLflow server with a login whose URI is the first argument."""

import sys

import mlflow
from mlflow.server.auth.client import AuthServiceClient
from mlflow.tracking import MlflowClient

uri = sys.argv[1]
mlflow.set_tracking_uri(uri)
client, auth = MlflowClient(), AuthServiceClient(uri)
vision = client.create_experiment("vision")
secret = client.create_experiment("secret")
client.create_registered_model("net")
for name in ("ada", "grace, h", "root"):
    auth.create_user(name, "a long password")
auth.update_user_admin("root", True)
auth.grant_user_permission("ada", "experiment", vision, "EDIT")
auth.grant_user_permission("ada", "experiment", secret, "MANAGE")
auth.grant_user_permission("grace, h", "registered_model", "net", "READ")
role = auth.create_role(name="readers", description="who read", workspace="default")
auth.add_role_permission(role.id, "experiment", "*", "READ")
auth.add_role_permission(role.id, "registered_model", "net", "EDIT")
for name in ("ada", "grace, h"):
    auth.assign_role(name, role.id)
