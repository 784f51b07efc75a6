"""Where do we and the HL7 Java validator differ? A second opinion, on demand; nothing of it is shipped."""
