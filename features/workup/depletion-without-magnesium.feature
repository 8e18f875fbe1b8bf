Feature: Magnesium likely to be lost, and not measured
  A medicine or a condition that lowers magnesium, and no value of the last year (90 days with such a medicine). A diuretic or
  type 2 diabetes alone, which are common, are not enough; together, or a diuretic with digoxin, they are.
  Evidence: nhs-lothian-hypomagnesaemia, bnssg-hypomagnesaemia, emc-12118-smpc

  Scenario Outline: medicines that lower magnesium
    Given a healthy adult
    And the patient takes "<medicine>" since 30 days ago
    When the record is evaluated
    Then "depletion-without-magnesium" is <workup>

    Examples:
      | medicine       | workup        |
      | cisplatin      | offered       |
      | cetuximab      | offered       |
      | tacrolimus     | offered       |
      | amphotericin B | offered       |
      | foscarnet      | offered       |
      | gentamicin     | offered       |
      | furosemide     | not indicated |
      | metformin      | not indicated |

  Scenario Outline: conditions that lower magnesium
    Given a healthy adult
    And the patient has "<condition>"
    When the record is evaluated
    Then "depletion-without-magnesium" is <workup>

    Examples:
      | condition                        | workup        |
      | chronic diarrhoea                | offered       |
      | ileostomy                        | offered       |
      | coeliac disease                  | offered       |
      | chronic pancreatitis             | offered       |
      | hypomagnesaemia                  | offered       |
      | family history of coeliac disease | not indicated |
      | type 2 diabetes                  | not indicated |
      | asthma                           | not indicated |

  Scenario Outline: a diuretic with type 2 diabetes or digoxin
    Given a healthy adult
    And the patient takes "<medicine>" since 300 days ago
    And the patient takes "<other>" since 300 days ago
    And the patient has "<condition>"
    When the record is evaluated
    Then "depletion-without-magnesium" is <workup>

    Examples:
      | medicine   | other     | condition                | workup        |
      | furosemide | metformin | type 2 diabetes mellitus | offered       |
      | furosemide | digoxin   | atrial fibrillation      | offered       |
      | furosemide | metformin | asthma                   | not indicated |
      | omeprazole | metformin | type 2 diabetes mellitus | not indicated |

  Scenario Outline: a value of the last year is enough, of the last 90 days with a medicine
    Given a healthy adult
    And the patient takes "<medicine>" since 400 days ago
    And the patient has "<condition>"
    And the serum magnesium is "0.85 mmol/L" from <days> days ago
    When the record is evaluated
    Then "depletion-without-magnesium" is <workup>

    Examples:
      | medicine   | condition       | days | workup        |
      | ibuprofen  | coeliac disease | 365  | not indicated |
      | ibuprofen  | coeliac disease | 366  | offered       |
      | tacrolimus | asthma          | 90   | not indicated |
      | tacrolimus | asthma          | 91   | offered       |

  Scenario: a spoilt sample is no measurement
    Given a healthy adult
    And the patient has "coeliac disease"
    And the serum magnesium is "0.90 mmol/L" from a haemolysed specimen
    When the record is evaluated
    Then "depletion-without-magnesium" is offered

  Scenario: without a problem list it is withheld
    Given a healthy adult
    And the problem list is not known
    When the record is evaluated
    Then "depletion-without-magnesium" is withheld for want of "problem list"

  Scenario: under 18 it is held back
    Given a healthy adult
    And the age is "17"
    And the patient has "coeliac disease"
    When the record is evaluated
    Then "depletion-without-magnesium" is suppressed by "outside-adult-scope"

  Scenario: it is about electrolytes
    Given a healthy adult
    And the patient has "coeliac disease"
    When the record is evaluated
    Then the text of "depletion-without-magnesium" says "magnesium, potassium and phosphate"
    And the text of "depletion-without-magnesium" says "whatever the mood"
    And the text of "depletion-without-magnesium" never says "supplement"
