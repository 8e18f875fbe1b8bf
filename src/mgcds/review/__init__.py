"""The pages clinicians read and sign."""
