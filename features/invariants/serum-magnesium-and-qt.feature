Feature: What a serum magnesium, a sum of magnesium or a QTc always leads to
  Limits are compared in the unit reported; the laboratory's own limits come before the default ones.
  Evidence: clinical brief SS-02 to SS-05, IX-04 to IX-06, DW-01, 8.4 (items 4, 5 and 12) and 8.6

  Scenario: critically low
    Given any patient
    And the serum magnesium is below "0.49 mmol/L"
    When the record is evaluated
    Then "severe-hypomagnesaemia" is offered
    And no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: critically high
    Given any patient
    And the serum magnesium is above "1.24 mmol/L"
    When the record is evaluated
    Then "severe-hypermagnesaemia" is offered
    And no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  # Also of a result reported as ">= 1.06 mmol/L", which may be critical or not.
  Scenario: above the laboratory's upper limit, critical or not
    Given any patient
    And the serum magnesium is above "upper limit"
    When the record is evaluated
    Then "hypermagnesaemia" is offered
    And no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: below the laboratory's lower limit, not critical: no trial for mood
    Given any patient
    And the serum magnesium is below "lower limit"
    And the serum magnesium is at least "0.50 mmol/L"
    When the record is evaluated
    Then "supplement-alone" is not offered
    And "supplement-alongside-therapy" is not offered
    And "trial-dose" is not offered

  # A result reported as "< 0.69 mmol/L" is low and may be critical or not: neither rule is decided, both let pass. To be agreed.
  @draft
  Scenario: known only to be below the laboratory's lower limit
    Given any patient
    And the serum magnesium is below "lower limit"
    When the record is evaluated
    Then "supplement-alone" is not offered

  Scenario Outline: depletion is likely and magnesium was not measured
    Given any patient
    And the patient takes a medicine of "<medicine>"
    And the serum magnesium is not known
    When the record is evaluated
    Then no suggestion of kind "dose" is offered
    And "supplement-alone" is not offered
    And "supplement-alongside-therapy" is not offered

    Examples:
      | medicine           |
      | diuretic           |
      | depleting_medicine |

  Scenario: dialysis or acute kidney injury, whatever the eGFR says
    Given any patient
    And the patient has a diagnosis of "dialysis_or_acute_kidney_injury"
    When the record is evaluated
    Then "severe-renal-impairment" is offered
    And no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: a current eGFR below 30 is always said
    Given any patient
    And the eGFR is below "30 mL/min/1.73m2"
    When the record is evaluated
    Then "severe-renal-impairment" is offered

  Scenario: more magnesium than the limit from what is taken
    Given any patient
    And the supplemental magnesium is above "upper limit"
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: a long QTc on an antidepressant that prolongs it
    Given any patient
    And the QTc is at least "500 ms"
    And the patient takes a medicine of "qt_antidepressant"
    When the record is evaluated
    Then "long-qtc-on-qt-drug" is offered
    And no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: an operation is planned within 14 days
    Given any patient
    And the days to planned surgery is at most "14 d"
    When the record is evaluated
    Then no suggestion of kind "dose" is offered
    And "supplement-alone" is not offered
    And "supplement-alongside-therapy" is not offered
