"""The blueprint of the cabinet."""

from flask import Blueprint

cabinet = Blueprint("cabinet", __name__)
