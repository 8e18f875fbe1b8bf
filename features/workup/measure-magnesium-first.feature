Feature: Measure magnesium before a trial
  A trial is possible without a serum magnesium, but not where a medicine or a condition makes depletion likely: then magnesium
  is measured first.
  Evidence: fda-2011-ppi, nhs-highland-hypomagnesaemia, nhs-lothian-hypomagnesaemia

  Scenario Outline: medicines that deplete, and magnesium not known
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "<medicine>" since <days> days ago
    When the record is evaluated
    Then "measure-magnesium-first" is <defer>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | medicine            | days | defer         | trial      |
      | omeprazole          | 90   | not indicated | offered    |
      | omeprazole          | 91   | offered       | suppressed |
      | furosemide          | 5    | offered       | suppressed |
      | hydrochlorothiazide | 300  | offered       | suppressed |
      | tacrolimus          | 30   | offered       | suppressed |
      | metformin           | 300  | not indicated | offered    |

  Scenario Outline: conditions that deplete, and magnesium not known
    Given an adult with mild to moderate depression who declined first-line care
    And the patient has "<condition>"
    When the record is evaluated
    Then "measure-magnesium-first" is <defer>
    And "supplement-alone" is <trial>

    Examples:
      | condition                | defer         | trial      |
      | coeliac disease          | offered       | suppressed |
      | ileostomy                | offered       | suppressed |
      | chronic pancreatitis     | offered       | suppressed |
      | alcohol dependence       | offered       | suppressed |
      | type 2 diabetes mellitus | offered       | suppressed |
      | asthma                   | not indicated | offered    |

  Scenario Outline: a current normal value clears the way
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "omeprazole" since 400 days ago
    And the serum magnesium is "0.85 mmol/L" from <days> days ago
    When the record is evaluated
    Then "measure-magnesium-first" is <defer>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | days | defer         | trial      |
      | 90   | not indicated | offered    |
      | 91   | offered       | suppressed |

  Scenario: a PPI of unknown duration withholds
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "omeprazole"
    When the record is evaluated
    Then "measure-magnesium-first" is withheld
    And "supplement-alongside-therapy" is withheld

  Scenario: it is not said where no trial is in question
    Given a healthy adult
    And the patient takes "furosemide" since 300 days ago
    When the record is evaluated
    Then "measure-magnesium-first" is not indicated
