"""Rules over populations: what many patients' data say, read into facts tables, screened and counted. Needs `mgcds[population]`."""
