Feature: Who holds back whom, one by one
  Every suggestion that would have somebody take magnesium, held back by each rule by itself. The proofs in invariants/ say that
  nothing gets through; these say that each rule does its own part, so that none hides behind another.
  Evidence: clinical brief 8.1 and 8.3; each rule's own

  Scenario Outline: a trial alone, and a diagnosis
    Given an adult with mild to moderate depression who declined first-line care
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "supplement-alone" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | diagnosis                | rule                         |
      | alcohol use disorder     | alcohol-use-disorder         |
      | bipolar disorder         | bipolar-disorder             |
      | irritable bowel syndrome | bowel-disease                |
      | sick sinus syndrome      | bradycardia                  |
      | chronic diarrhoea        | diarrhoea-or-dehydration     |
      | anorexia nervosa         | eating-disorder-or-refeeding |
      | myasthenia gravis        | magnesium-contraindicated    |

  Scenario Outline: a trial alone, and a medicine
    Given an adult with mild to moderate depression who declined first-line care
    And the patient takes "<medicine>" since 400 days ago
    When the record is evaluated
    Then "supplement-alone" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | medicine    | rule                         |
      | doxycycline | antibiotic-course            |
      | raltegravir | integrase-inhibitor-unspaced |
      | digoxin     | medicine-needs-signoff       |

  Scenario Outline: a trial alone, and what is on record
    Given an adult with mild to moderate depression who declined first-line care
    And the <item> is "<value>"
    When the record is evaluated
    Then "supplement-alone" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | item                    | value            | rule                      |
      | PHQ-9 item 9            | 1                | suicide-risk              |
      | suicide-risk assessment | acute risk       | acute-suicide-risk        |
      | eGFR                    | 29 mL/min/1.73m2 | severe-renal-impairment   |
      | eGFR                    | 45 mL/min/1.73m2 | moderate-renal-impairment |
      | pregnancy               | pregnant         | pregnancy                 |
      | bipolar screen          | positive         | bipolar-screen-positive   |
      | age                     | 17               | outside-adult-scope       |

  Scenario Outline: a trial alone, and a serum magnesium
    Given an adult with mild to moderate depression who declined first-line care
    And the serum magnesium is "<value>" from <days> days ago
    When the record is evaluated
    Then "supplement-alone" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | value       | days | rule                         |
      | 0.40 mmol/L | 0    | severe-hypomagnesaemia       |
      | 1.10 mmol/L | 0    | hypermagnesaemia             |
      | 1.30 mmol/L | 0    | severe-hypermagnesaemia      |
      | 1.10 mmol/L | 91   | high-magnesium-not-rechecked |

  Scenario Outline: a trial alone, and an operation
    Given an adult with mild to moderate depression who declined first-line care
    And the patient has an operation planned in 10 days
    When the record is evaluated
    Then "supplement-alone" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | rule            |
      | planned-surgery |

  Scenario Outline: a trial alone, and a pregnancy on record at 60
    Given an adult with mild to moderate depression who declined first-line care
    And the pregnancy is "pregnant"
    And the age is "60"
    When the record is evaluated
    Then "supplement-alone" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | rule                            |
      | pregnancy-recorded-unexpectedly |

  Scenario Outline: a trial alongside treatment, and a diagnosis
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | diagnosis                | rule                         |
      | alcohol use disorder     | alcohol-use-disorder         |
      | bipolar disorder         | bipolar-disorder             |
      | irritable bowel syndrome | bowel-disease                |
      | sick sinus syndrome      | bradycardia                  |
      | chronic diarrhoea        | diarrhoea-or-dehydration     |
      | anorexia nervosa         | eating-disorder-or-refeeding |
      | myasthenia gravis        | magnesium-contraindicated    |

  Scenario Outline: a trial alongside treatment, and a medicine
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "<medicine>" since 400 days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | medicine    | rule                         |
      | doxycycline | antibiotic-course            |
      | raltegravir | integrase-inhibitor-unspaced |
      | digoxin     | medicine-needs-signoff       |

  Scenario Outline: a trial alongside treatment, and what is on record
    Given an adult with mild to moderate depression on a stable antidepressant
    And the <item> is "<value>"
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | item                    | value            | rule                      |
      | PHQ-9 item 9            | 1                | suicide-risk              |
      | suicide-risk assessment | acute risk       | acute-suicide-risk        |
      | eGFR                    | 29 mL/min/1.73m2 | severe-renal-impairment   |
      | eGFR                    | 45 mL/min/1.73m2 | moderate-renal-impairment |
      | pregnancy               | pregnant         | pregnancy                 |
      | bipolar screen          | positive         | bipolar-screen-positive   |
      | age                     | 17               | outside-adult-scope       |

  Scenario Outline: a trial alongside treatment, and a serum magnesium
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "<value>" from <days> days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | value       | days | rule                         |
      | 0.40 mmol/L | 0    | severe-hypomagnesaemia       |
      | 1.10 mmol/L | 0    | hypermagnesaemia             |
      | 1.30 mmol/L | 0    | severe-hypermagnesaemia      |
      | 1.10 mmol/L | 91   | high-magnesium-not-rechecked |

  Scenario Outline: a trial alongside treatment, and an operation
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has an operation planned in 10 days
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | rule            |
      | planned-surgery |

  Scenario Outline: a trial alongside treatment, and a pregnancy on record at 60
    Given an adult with mild to moderate depression on a stable antidepressant
    And the pregnancy is "pregnant"
    And the age is "60"
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | rule                            |
      | pregnancy-recorded-unexpectedly |

  Scenario Outline: a trial alongside treatment, and a QTc of 500 ms on citalopram
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "citalopram" since 400 days ago
    And the QTc is "500 ms"
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | rule                |
      | long-qtc-on-qt-drug |

  Scenario Outline: repletion, and a diagnosis
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "replete-low-magnesium" is suppressed by "<rule>"

    Examples:
      | diagnosis            | rule                         |
      | alcohol use disorder | alcohol-use-disorder         |
      | bipolar disorder     | bipolar-disorder             |
      | sick sinus syndrome  | bradycardia                  |
      | chronic diarrhoea    | diarrhoea-or-dehydration     |
      | anorexia nervosa     | eating-disorder-or-refeeding |
      | myasthenia gravis    | magnesium-contraindicated    |

  Scenario Outline: repletion, and a medicine
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the patient takes "<medicine>" since 400 days ago
    When the record is evaluated
    Then "replete-low-magnesium" is suppressed by "<rule>"

    Examples:
      | medicine    | rule                         |
      | doxycycline | antibiotic-course            |
      | raltegravir | integrase-inhibitor-unspaced |
      | digoxin     | medicine-needs-signoff       |

  Scenario Outline: repletion, and what is on record
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the <item> is "<value>"
    When the record is evaluated
    Then "replete-low-magnesium" is suppressed by "<rule>"

    Examples:
      | item                    | value            | rule                      |
      | PHQ-9 item 9            | 1                | suicide-risk              |
      | suicide-risk assessment | acute risk       | acute-suicide-risk        |
      | eGFR                    | 29 mL/min/1.73m2 | severe-renal-impairment   |
      | eGFR                    | 45 mL/min/1.73m2 | moderate-renal-impairment |
      | pregnancy               | pregnant         | pregnancy                 |
      | bipolar screen          | positive         | bipolar-screen-positive   |
      | age                     | 17               | outside-adult-scope       |

  Scenario Outline: repletion, and a serum magnesium
    Given an adult with mild to moderate depression on a stable antidepressant
    And the work-up of low magnesium is "low value confirmed"
    And the serum magnesium is "<value>" from <days> days ago
    When the record is evaluated
    Then "replete-low-magnesium" is suppressed by "<rule>"

    Examples:
      | value       | days | rule                         |
      | 0.40 mmol/L | 0    | severe-hypomagnesaemia       |
      | 1.10 mmol/L | 91   | high-magnesium-not-rechecked |

  Scenario Outline: repletion, and an operation
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the patient has an operation planned in 10 days
    When the record is evaluated
    Then "replete-low-magnesium" is suppressed by "<rule>"

    Examples:
      | rule            |
      | planned-surgery |

  Scenario Outline: repletion, and a pregnancy on record at 60
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the pregnancy is "pregnant"
    And the age is "60"
    When the record is evaluated
    Then "replete-low-magnesium" is suppressed by "<rule>"

    Examples:
      | rule                            |
      | pregnancy-recorded-unexpectedly |

  Scenario Outline: repletion, and a QTc of 500 ms on citalopram
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the patient takes "citalopram" since 400 days ago
    And the QTc is "500 ms"
    When the record is evaluated
    Then "replete-low-magnesium" is suppressed by "<rule>"

    Examples:
      | rule                |
      | long-qtc-on-qt-drug |

  Scenario Outline: going on after a response, and a diagnosis
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" 45 days ago
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "trial-response" is suppressed by "<rule>"

    Examples:
      | diagnosis                | rule                         |
      | alcohol use disorder     | alcohol-use-disorder         |
      | bipolar disorder         | bipolar-disorder             |
      | irritable bowel syndrome | bowel-disease                |
      | sick sinus syndrome      | bradycardia                  |
      | chronic diarrhoea        | diarrhoea-or-dehydration     |
      | anorexia nervosa         | eating-disorder-or-refeeding |
      | myasthenia gravis        | magnesium-contraindicated    |

  Scenario Outline: going on after a response, and a medicine
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" 45 days ago
    And the patient takes "<medicine>" since 400 days ago
    When the record is evaluated
    Then "trial-response" is suppressed by "<rule>"

    Examples:
      | medicine    | rule                         |
      | doxycycline | antibiotic-course            |
      | raltegravir | integrase-inhibitor-unspaced |
      | digoxin     | medicine-needs-signoff       |

  Scenario Outline: going on after a response, and what is on record
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" 45 days ago
    And the <item> is "<value>"
    When the record is evaluated
    Then "trial-response" is suppressed by "<rule>"

    Examples:
      | item                    | value            | rule                      |
      | PHQ-9 item 9            | 1                | suicide-risk              |
      | suicide-risk assessment | acute risk       | acute-suicide-risk        |
      | eGFR                    | 29 mL/min/1.73m2 | severe-renal-impairment   |
      | eGFR                    | 45 mL/min/1.73m2 | moderate-renal-impairment |
      | pregnancy               | pregnant         | pregnancy                 |
      | bipolar screen          | positive         | bipolar-screen-positive   |
      | age                     | 17               | outside-adult-scope       |

  Scenario Outline: going on after a response, and a serum magnesium
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" 45 days ago
    And the serum magnesium is "<value>" from <days> days ago
    When the record is evaluated
    Then "trial-response" is suppressed by "<rule>"

    Examples:
      | value       | days | rule                         |
      | 0.40 mmol/L | 0    | severe-hypomagnesaemia       |
      | 1.10 mmol/L | 0    | hypermagnesaemia             |
      | 1.30 mmol/L | 0    | severe-hypermagnesaemia      |
      | 1.10 mmol/L | 91   | high-magnesium-not-rechecked |

  Scenario Outline: going on after a response, and an operation
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" 45 days ago
    And the patient has an operation planned in 10 days
    When the record is evaluated
    Then "trial-response" is suppressed by "<rule>"

    Examples:
      | rule            |
      | planned-surgery |

  Scenario Outline: going on after a response, and a pregnancy on record at 60
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" 45 days ago
    And the pregnancy is "pregnant"
    And the age is "60"
    When the record is evaluated
    Then "trial-response" is suppressed by "<rule>"

    Examples:
      | rule                            |
      | pregnancy-recorded-unexpectedly |

  Scenario Outline: going on after a response, and a QTc of 500 ms on citalopram
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" 45 days ago
    And the patient takes "citalopram" since 400 days ago
    And the QTc is "500 ms"
    When the record is evaluated
    Then "trial-response" is suppressed by "<rule>"

    Examples:
      | rule                |
      | long-qtc-on-qt-drug |

  Scenario Outline: going on after a partial response, and a diagnosis
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "7"
    And the PHQ-9 was "12" 45 days ago
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "trial-partial-response" is suppressed by "<rule>"

    Examples:
      | diagnosis                | rule                         |
      | alcohol use disorder     | alcohol-use-disorder         |
      | bipolar disorder         | bipolar-disorder             |
      | irritable bowel syndrome | bowel-disease                |
      | sick sinus syndrome      | bradycardia                  |
      | chronic diarrhoea        | diarrhoea-or-dehydration     |
      | anorexia nervosa         | eating-disorder-or-refeeding |
      | myasthenia gravis        | magnesium-contraindicated    |

  Scenario Outline: going on after a partial response, and a medicine
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "7"
    And the PHQ-9 was "12" 45 days ago
    And the patient takes "<medicine>" since 400 days ago
    When the record is evaluated
    Then "trial-partial-response" is suppressed by "<rule>"

    Examples:
      | medicine    | rule                         |
      | doxycycline | antibiotic-course            |
      | raltegravir | integrase-inhibitor-unspaced |
      | digoxin     | medicine-needs-signoff       |

  Scenario Outline: going on after a partial response, and what is on record
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "7"
    And the PHQ-9 was "12" 45 days ago
    And the <item> is "<value>"
    When the record is evaluated
    Then "trial-partial-response" is suppressed by "<rule>"

    Examples:
      | item                    | value            | rule                      |
      | PHQ-9 item 9            | 1                | suicide-risk              |
      | suicide-risk assessment | acute risk       | acute-suicide-risk        |
      | eGFR                    | 29 mL/min/1.73m2 | severe-renal-impairment   |
      | eGFR                    | 45 mL/min/1.73m2 | moderate-renal-impairment |
      | pregnancy               | pregnant         | pregnancy                 |
      | bipolar screen          | positive         | bipolar-screen-positive   |
      | age                     | 17               | outside-adult-scope       |

  Scenario Outline: going on after a partial response, and a serum magnesium
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "7"
    And the PHQ-9 was "12" 45 days ago
    And the serum magnesium is "<value>" from <days> days ago
    When the record is evaluated
    Then "trial-partial-response" is suppressed by "<rule>"

    Examples:
      | value       | days | rule                         |
      | 0.40 mmol/L | 0    | severe-hypomagnesaemia       |
      | 1.10 mmol/L | 0    | hypermagnesaemia             |
      | 1.30 mmol/L | 0    | severe-hypermagnesaemia      |
      | 1.10 mmol/L | 91   | high-magnesium-not-rechecked |

  Scenario Outline: going on after a partial response, and an operation
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "7"
    And the PHQ-9 was "12" 45 days ago
    And the patient has an operation planned in 10 days
    When the record is evaluated
    Then "trial-partial-response" is suppressed by "<rule>"

    Examples:
      | rule            |
      | planned-surgery |

  Scenario Outline: going on after a partial response, and a pregnancy on record at 60
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "7"
    And the PHQ-9 was "12" 45 days ago
    And the pregnancy is "pregnant"
    And the age is "60"
    When the record is evaluated
    Then "trial-partial-response" is suppressed by "<rule>"

    Examples:
      | rule                            |
      | pregnancy-recorded-unexpectedly |

  Scenario Outline: going on after a partial response, and a QTc of 500 ms on citalopram
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "7"
    And the PHQ-9 was "12" 45 days ago
    And the patient takes "citalopram" since 400 days ago
    And the QTc is "500 ms"
    When the record is evaluated
    Then "trial-partial-response" is suppressed by "<rule>"

    Examples:
      | rule                |
      | long-qtc-on-qt-drug |

  Scenario Outline: under 18 nothing is said but what is urgent, stops, and requests for data
    Given a patient of whom nothing is known
    And the age is "17"
    When the record is evaluated
    Then "<rule>" is suppressed by "outside-adult-scope"

    Examples:
      | rule                         |
      | antibiotic-course            |
      | integrase-inhibitor-spacing  |
      | integrase-inhibitor-unspaced |
      | medicine-needs-signoff       |
      | medicine-needs-spacing       |
      | planned-surgery              |
      | bipolar-not-assessed         |
      | confirm-low-magnesium        |
      | perinatal-depression         |
      | ppi-without-magnesium        |
      | qt-drug-low-magnesium        |
      | monitor-serum-magnesium      |
      | recent-kidney-function       |
      | measure-magnesium-first      |

  Scenario: a trial alone, and kidneys last known to be severely impaired
    Given an adult with mild to moderate depression who declined first-line care
    And the eGFR is "20 mL/min/1.73m2" from 400 days ago
    When the record is evaluated
    Then "supplement-alone" is suppressed by "low-kidney-function-not-rechecked"
    And "trial-dose" is suppressed by "low-kidney-function-not-rechecked"

  Scenario: repletion, and kidneys last known to be severely impaired
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    And the eGFR is "20 mL/min/1.73m2" from 400 days ago
    When the record is evaluated
    Then "replete-low-magnesium" is suppressed by "low-kidney-function-not-rechecked"

  Scenario Outline: going on after <what>, and kidneys last known to be severely impaired
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "<now>"
    And the PHQ-9 was "12" 45 days ago
    And the eGFR is "20 mL/min/1.73m2" from 400 days ago
    When the record is evaluated
    Then "<rule>" is suppressed by "low-kidney-function-not-rechecked"

    Examples:
      | what               | now | rule                   |
      | a response         | 4   | trial-response         |
      | a partial response | 7   | trial-partial-response |

  Scenario: an old eGFR holds back a trial alone
    Given an adult with mild to moderate depression who declined first-line care
    And the age is "70"
    And the eGFR is "90 mL/min/1.73m2" from 100 days ago
    When the record is evaluated
    Then "supplement-alone" is suppressed by "recent-kidney-function"

  Scenario: repletion takes the place of a trial alone
    Given an adult with mild to moderate depression who declined first-line care
    And the serum magnesium is "0.62 mmol/L"
    And the work-up of low magnesium is "low value confirmed"
    When the record is evaluated
    Then "supplement-alone" is suppressed by "replete-low-magnesium"

  Scenario: where depletion is likely magnesium is measured before it is repleted
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "furosemide" since 400 days ago
    And the work-up of low magnesium is "low value confirmed"
    When the record is evaluated
    Then "measure-magnesium-first" is offered
    And "replete-low-magnesium" is suppressed by "measure-magnesium-first"

  Scenario Outline: going on with a dose above the limit
    Given a healthy adult
    And the patient takes "magnesium chloride" with "500 mg elemental" a day since 42 days ago
    And the PHQ-9 is "<after>"
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then "<suggestion>" is suppressed by "dose-above-limit"
    And "dose-above-limit" is offered

    Examples:
      | after | suggestion             |
      | 4     | trial-response         |
      | 7     | trial-partial-response |

  Scenario Outline: going on with threonate in pregnancy
    Given a healthy adult
    And the patient takes "magnesium threonate" with "144 mg elemental" a day since 42 days ago
    And the pregnancy is "pregnant"
    And the PHQ-9 is "<after>"
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then "<suggestion>" is suppressed by "threonate-in-pregnancy"
    And "threonate-in-pregnancy" is offered

    Examples:
      | after | suggestion             |
      | 4     | trial-response         |
      | 7     | trial-partial-response |

  Scenario: with threonate a pregnancy that is not known withholds at 60 too
    Given a healthy adult
    And the age is "60"
    And the pregnancy is not known
    And the patient takes "magnesium threonate" with "144 mg elemental" a day since 42 days ago
    And the PHQ-9 is "4"
    And the PHQ-9 was "12" 45 days ago
    When the record is evaluated
    Then "trial-response" is withheld for want of "pregnancy"

  Scenario Outline: a diagnosis that may be over is not taken for over
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.85 mmol/L"
    And the patient may still have "<diagnosis>"
    When the record is evaluated
    Then "<rule>" is withheld
    And "supplement-alongside-therapy" is withheld

    Examples:
      | diagnosis            | rule                      |
      | alcohol use disorder | alcohol-use-disorder      |
      | bipolar disorder     | bipolar-disorder          |
      | Crohn's disease      | bowel-disease             |
      | myasthenia gravis    | magnesium-contraindicated |
      | dialysis             | severe-renal-impairment   |

  Scenario Outline: a medicine on hold is not taken for stopped
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.85 mmol/L"
    And the eGFR is "90 mL/min/1.73m2" from 100 days ago
    And the patient has "<medicine>" on hold
    When the record is evaluated
    Then "<rule>" is withheld
    And "supplement-alongside-therapy" is withheld

    Examples:
      | medicine    | rule                         |
      | doxycycline | antibiotic-course            |
      | raltegravir | integrase-inhibitor-unspaced |
      | digoxin     | medicine-needs-signoff       |
      | furosemide  | recent-kidney-function       |

  Scenario: an eGFR that may be below 60
    Given an adult with mild to moderate depression on a stable antidepressant
    And the eGFR is ">45 mL/min/1.73m2"
    When the record is evaluated
    Then "moderate-renal-impairment" is withheld
    And "supplement-alongside-therapy" is withheld

  Scenario: a PHQ-9 of 16 with treatment that is not known
    Given a healthy adult
    And the first-line care is not known
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "16"
    And the PHQ-9 was "24" 45 days ago
    When the record is evaluated
    Then "trial-partial-response" is withheld

  Scenario: an item 9 that may have risen
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 42 days ago
    And the PHQ-9 is "12"
    And the PHQ-9 was "12" 45 days ago
    And the PHQ-9 item 9 is "1"
    When the record is evaluated
    Then "worsening-on-magnesium" is withheld
    And "trial-no-response" is withheld

  Scenario: under 18 with a low albumin
    Given an adult with mild to moderate depression on a stable antidepressant
    And the age is "17"
    And the serum magnesium is "0.62 mmol/L"
    And the albumin is "25 g/L"
    When the record is evaluated
    Then "low-albumin" is suppressed by "outside-adult-scope"
