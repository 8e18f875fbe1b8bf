Feature: Serum magnesium due on treatment
  At 6 weeks with age from 65, a diuretic, digoxin or a low value before; at 2 and 6 weeks with an eGFR below 60; every 3 months in use beyond
  12 weeks.
  Evidence: magnaspartate-smpc, wakai-2019

  Scenario Outline: age from 65, at 6 weeks
    Given a healthy adult
    And the age is "<age>"
    And the patient takes "magnesium chloride" with "124 mg elemental" a day since <days> days ago
    When the record is evaluated
    Then "monitor-serum-magnesium" is <monitor>

    Examples:
      | age | days | monitor       |
      | 65  | 41   | not indicated |
      | 65  | 42   | offered       |
      | 65  | 43   | offered       |
      | 64  | 42   | not indicated |
      | 66  | 42   | offered       |

  Scenario Outline: a diuretic or digoxin, at 6 weeks
    Given a healthy adult
    And the patient takes "<medicine>" since 300 days ago
    And the patient takes "magnesium chloride" with "124 mg elemental" a day since 42 days ago
    When the record is evaluated
    Then "monitor-serum-magnesium" is <monitor>

    Examples:
      | medicine   | monitor       |
      | furosemide | offered       |
      | digoxin    | offered       |
      | metformin  | not indicated |

  Scenario Outline: a low value before, at 6 weeks
    Given a healthy adult
    And the work-up of low magnesium is "<workup>" from 60 days ago
    And the patient takes "magnesium chloride" with "124 mg elemental" a day since <days> days ago
    When the record is evaluated
    Then "monitor-serum-magnesium" is <monitor>

    Examples:
      | workup              | days | monitor       |
      | low value confirmed | 41   | not indicated |
      | low value confirmed | 42   | offered       |
      | low value confirmed | 43   | offered       |
      | started             | 42   | not indicated |

  Scenario Outline: an eGFR below 60, at 2 weeks
    Given a healthy adult
    And the eGFR is "<egfr>"
    And the patient takes "magnesium chloride" with "124 mg elemental" a day since <days> days ago
    When the record is evaluated
    Then "monitor-serum-magnesium" is <monitor>

    Examples:
      | egfr               | days | monitor       |
      | 45 mL/min/1.73m2   | 13   | not indicated |
      | 45 mL/min/1.73m2   | 14   | offered       |
      | 59.9 mL/min/1.73m2 | 15   | offered       |
      | 60 mL/min/1.73m2   | 15   | not indicated |
      | 61 mL/min/1.73m2   | 15   | not indicated |

  Scenario Outline: use beyond 12 weeks
    Given a healthy adult
    And the patient takes "magnesium citrate" with "124 mg elemental" a day since <days> days ago
    When the record is evaluated
    Then "monitor-serum-magnesium" is <monitor>

    Examples:
      | days | monitor       |
      | 84   | not indicated |
      | 85   | offered       |
      | 400  | offered       |

  Scenario Outline: a recent value is enough
    Given a healthy adult
    And the age is "<age>"
    And the patient takes "magnesium citrate" with "124 mg elemental" a day since <since> days ago
    And the serum magnesium is "0.85 mmol/L" from <days> days ago
    When the record is evaluated
    Then "monitor-serum-magnesium" is <monitor>

    Examples:
      | age | since | days | monitor       |
      | 70  | 60    | 42   | not indicated |
      | 70  | 60    | 43   | offered       |
      | 40  | 200   | 90   | not indicated |
      | 40  | 200   | 91   | offered       |

  Scenario Outline: after the control at 2 weeks the next one is due 4 weeks later
    Given a healthy adult
    And the eGFR is "45 mL/min/1.73m2"
    And the patient takes "magnesium citrate" with "124 mg elemental" a day since 50 days ago
    And the serum magnesium is "0.85 mmol/L" from <days> days ago
    When the record is evaluated
    Then "monitor-serum-magnesium" is <monitor>

    Examples:
      | days | monitor       |
      | 28   | not indicated |
      | 29   | offered       |

  Scenario: a laxative with magnesium counts, and its start has to be known
    Given a healthy adult
    And the patient takes "milk of magnesia"
    When the record is evaluated
    Then "monitor-serum-magnesium" is withheld

  Scenario: who takes no magnesium needs no control
    Given a healthy adult
    And the age is "80"
    When the record is evaluated
    Then "monitor-serum-magnesium" is not indicated

  Scenario Outline: a low magnesium that was once confirmed, however long ago
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the work-up of low magnesium is "<workup>" from <days> days ago
    When the record is evaluated
    Then "monitor-serum-magnesium" is <monitor>

    Examples:
      | workup              | days | monitor       |
      | low value confirmed | 400  | offered       |
      | not started         | 0    | not indicated |

  Scenario: after 12 weeks every 3 months, with impaired kidneys too
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 100 days ago
    And the eGFR is "50 mL/min/1.73m2"
    And the serum magnesium is "0.85 mmol/L" from 60 days ago
    When the record is evaluated
    Then "monitor-serum-magnesium" is not indicated
