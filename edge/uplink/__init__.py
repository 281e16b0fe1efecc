"""The way to central: session.py the rules, connection.py one MQTT connection, pump.py keeps both going."""
