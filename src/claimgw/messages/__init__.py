"""What is a message? Bytes of FHIR read once; pure, without input or output."""
