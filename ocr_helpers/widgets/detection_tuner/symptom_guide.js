// What is wrong with the boxes, and which setting helps.

const WAYS = { up: "↑", down: "↓" };

function addSymptomGuide(parent, symptoms, onTry) {
  const root = section("guide", parent, "What is wrong? 증상별 안내", true);
  for (const { id, ko, en, advice, advice_ko: korean, changes } of symptoms) {
    const item = element("div", "symptom", root);
    item.dataset.symptom = id;
    const head = element("div", "row", item);
    const names = element("div", "wide", head);
    element("div", "symptom-name", names, { textContent: ko, lang: "ko" });
    element("div", "symptom-name", names, { textContent: en });
    button("", head, "Try it", `Try it: ${en}`, () => onTry(id));
    for (const { field, way, word } of changes) {
      const change = element("div", "change", item);
      element("span", "name", change, { textContent: `${field} ${WAYS[way] ?? ""}` });
      element("span", "", change, { textContent: ` ${word}` });
    }
    const why = element("details", "why", item);
    element("summary", "", why, { textContent: "Why 이유" });
    element("p", "advice", why, { textContent: korean, lang: "ko" });
    element("p", "advice", why, { textContent: advice });
  }
}
