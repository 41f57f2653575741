# ruff: noqa: E501 (Hangul counts double, and a text is easier to read unbroken)
"""Pages that mix Korean, Latin and numbers: a data sheet and a report of three pages."""

import numpy as np

from training.sample_canvas import Canvas, Colour, Type
from training.sample_layout import paragraph, table
from training.sample_pages.office import A4
from training.sample_pages.shapes import GREEN, NAVY, bars_logo

GREY: Colour = (96, 98, 104)
PDF_PAGE = (1239, 1754)  # at 150 dpi; 1240 would come back from points as 1241


def mixed(rng: np.random.Generator) -> Canvas:
    """Release notes of a sensor hub: English names, versions, units, code-like settings, addresses."""
    c = Canvas(A4)
    body = Type("NanumSquare", 25)
    bold = Type("NanumSquare", 25, "Bold")
    code = Type("D2Coding", 24)
    bars_logo(c, 110, 140, 58)
    c.text(196, 112, "NARAE Labs", Type("NanumSquare", 32, "ExtraBold", fill=NAVY))
    c.text(196, 142, "Smart Sensor Division", Type("NanumSquare", 20, fill=GREY))
    c.text(1130, 112, "Release Note 2.4.0", bold, "r")
    c.text(1130, 142, "2026-09-18 (Fri)", Type("NanumSquare", 20, fill=GREY), "r")
    c.rule(110, 176, 1130, 176, 3, NAVY)
    c.text(110, 256, "SensorHub Pro 펌웨어 업데이트 안내", Type("NanumSquare", 44, "ExtraBold"))
    y = paragraph(
        c, 110, 320, 1020,
        "이번 버전에서는 Wi-Fi 6 연결이 끊기는 문제를 고치고, CO2 센서와 VOC 센서의 보정 방식을 새로 넣었습니다. "
        "업데이트에는 약 7분이 걸리며 그동안 LED가 파란색으로 깜빡입니다. 전원을 끄지 마세요!",
        body, 1.7,
    )  # fmt: skip
    c.text(110, y + 36, "1. What’s new", bold.at(size=30, fill=NAVY))
    y += 86
    for text in (
        "MQTT 5.0 프로토콜 지원 (port 1883 / TLS 8883)",
        "데이터 저장 주기를 10초 → 1초까지 줄일 수 있음 (Pro 모델만)",
        "Android 15 및 iOS 26에서 Bluetooth LE 연결 시간 3.2초 → 0.9초",
        "Dark mode 추가, 한글 글꼴을 NanumSquare로 변경",
        "REST API 응답에 `unit`, `accuracy` 항목 추가",
    ):
        c.draw.ellipse([118, y - 14, 127, y - 5], fill=NAVY)
        c.text(146, y, text, body)
        y += 46
    c.text(110, y + 30, "2. 센서별 측정 범위 (Measurement range)", bold.at(size=30, fill=NAVY))
    y = table(
        c, 110, y + 60, (230, 260, 200, 330),
        [("센서 Sensor", "범위 Range", "정확도", "비고 Remark"),
         ("온도 Temp.", "-40 ~ 85 ℃", "±0.3 ℃", "SHT45, I2C 0x44"),
         ("습도 RH", "0 ~ 100 %", "±1.8 %", "결로 없을 때"),
         ("기압 Pressure", "300 ~ 1,250 hPa", "±0.5 hPa", "해발 9 ㎞까지"),
         ("조도 Lux", "0.1 ~ 88,000 lx", "±5 %", "자동 gain 조절"),
         ("VOC Index", "1 ~ 500", "±15", "예열 48시간 필요")],
        body.at(size=23), 50, align="lmml", head=bold.at(size=23),
    )  # fmt: skip
    c.text(110, y + 62, "3. 설정 예시 (config.yaml)", bold.at(size=30, fill=NAVY))
    y += 86
    c.draw.rounded_rectangle([110, y, 1130, y + 212], 10, fill=(243, 244, 247), outline=(205, 208, 214))
    for k, text in enumerate((
        "device: hub-pro-07",
        "interval_ms: 1000 # 기본값은 10000",
        'location: "3층 서버실 B-12"',
        'alert: {temp_max: 35.5, rh_max: 70, email: "ops@narae.example"}',
        "timezone: Asia/Seoul # UTC+9",
    )):  # fmt: skip
        c.text(140, y + 40 + 38 * k, text, code)
    y += 266
    c.text(110, y, "4. 가격과 문의", bold.at(size=30, fill=NAVY))
    y = paragraph(
        c, 110, y + 50, 1020,
        "SensorHub Pro는 ₩189,000 (USD $139, VAT 별도), 추가 센서는 1개당 ₩24,500입니다. 10대 이상 주문하시면 15% 할인해 "
        "드립니다. 자세한 내용은 https://narae.example/hub?ver=2.4 또는 Tel. +82-2-555-0163 (내선 204)으로 문의해 주세요.",
        body, 1.7,
    )  # fmt: skip
    c.rule(110, 1676, 1130, 1676, 1, GREY)
    c.text(110, 1708, "NARAE Labs. All rights reserved.", body.at(size=19, fill=GREY))
    c.text(1130, 1708, "Page 1 of 1", body.at(size=19, fill=GREY), "r")
    return c


def report(rng: np.random.Generator) -> list[Canvas]:
    """A research report in three pages: cover, text with a chart, a table with a conclusion."""
    return [_cover(), _findings(), _conclusion()]


def _cover() -> Canvas:
    c = Canvas(PDF_PAGE)
    c.draw.rectangle([0, 0, 46, 1754], fill=GREEN)
    c.text(140, 170, "연구 보고서 2026-07", Type("NanumSquare", 28, "Bold", fill=GREY))
    c.text(140, 520, "작은 하천의 수질 변화와", Type("Noto Serif CJK KR", 68, "Bold"))
    c.text(140, 624, "주민 참여 관측의 효과", Type("Noto Serif CJK KR", 68, "Bold"))
    c.rule(140, 680, 520, 680, 5, GREEN)
    c.text(140, 752, "- 물빛천 여섯 지점의 3년 기록을 중심으로 -", Type("Noto Serif CJK KR", 32))
    c.text(140, 1330, "2026년 8월", Type("NanumSquare", 32))
    c.text(140, 1420, "온새환경연구소 물환경팀", Type("NanumSquare", 36, "Bold"))
    c.text(140, 1476, "연구 책임 민들레 · 공동 연구 차승호, 노을빛", Type("NanumSquare", 26, fill=GREY))
    bars_logo(c, 1010, 1480, 90, GREEN)
    return c


def _running_head(c: Canvas) -> None:
    small = Type("NanumSquare", 20, fill=GREY)
    c.text(130, 110, "작은 하천의 수질 변화와 주민 참여 관측의 효과", small)
    c.text(1110, 110, "온새환경연구소", small, "r")
    c.rule(130, 126, 1110, 126, 1, GREY)
    c.draw.rectangle([0, 0, 14, 1754], fill=GREEN)


def _findings() -> Canvas:
    c = Canvas(PDF_PAGE)
    _running_head(c)
    title = Type("NanumSquare", 38, "ExtraBold")
    body = Type("Noto Serif CJK KR", 26)
    c.text(130, 214, "2. 관측 방법과 결과", title)
    y = 280.0
    for text in (
        "물빛천은 길이 11.4 ㎞의 지방 하천으로, 상류의 논과 중류의 공장 지대를 거쳐 큰 강으로 흘러든다. 우리는 2023년 "
        "3월부터 2026년 2월까지 여섯 지점에서 한 달에 두 번씩 물을 떠서 분석하였다. 지점마다 주민 네댓 사람이 한 모둠이 "
        "되어 수온과 산도, 탁한 정도를 재고, 연구소에서는 총인과 용존 산소를 재었다.",
        "주민이 잰 값과 연구소가 같은 날 잰 값의 차이는 수온에서 평균 0.4 ℃, 산도에서 0.2에 지나지 않았다. 다만 장마철에는 "
        "탁도의 차이가 크게 벌어졌는데, 물을 뜬 깊이가 서로 달랐기 때문으로 보인다. 이듬해부터는 긴 막대에 눈금을 표시하여 "
        "같은 깊이에서 뜨도록 하였고, 그 뒤로 차이는 절반으로 줄었다.",
    ):
        y = paragraph(c, 130, y, 980, text, body, 1.8, indent=26) + 10
    _chart(c, 190, y + 10)
    c.text(620, y + 530, "〈그림 1〉 총인 농도의 변화 (단위: mg/L)", Type("NanumSquare", 24, "Bold"), "m")
    paragraph(
        c, 130, y + 600, 980,
        "〈그림 1〉에서 보듯이 중류의 총인 농도는 3년 사이 0.182에서 0.117로 약 36 % 낮아졌다. 같은 기간 상류는 거의 변하지 "
        "않았으므로, 공장 지대의 배수로를 고친 효과가 나타난 것으로 풀이된다.",
        body, 1.8, indent=26,
    )  # fmt: skip
    c.text(620, 1680, "2", Type("NanumSquare", 22), "m")
    return c


def _chart(c: Canvas, x: float, y: float) -> None:
    small = Type("NanumSquare", 21)
    for k in range(5):
        base = y + 400 - 90 * k
        c.rule(x + 60, base, x + 860, base, 1, (205, 205, 205) if k else (60, 60, 60))
        c.text(x + 46, base + 8, f"{0.05 * k:.2f}", small, "r")
    for k, (year, low, high) in enumerate(
        (("2023년", 0.061, 0.182), ("2024년", 0.063, 0.149), ("2025년", 0.058, 0.117))
    ):
        middle = x + 200 + 260 * k
        for shift, value, colour in ((-62, low, (150, 190, 220)), (6, high, NAVY)):
            top = y + 400 - value * 1800
            c.draw.rectangle([middle + shift, top, middle + shift + 56, y + 400], fill=colour)
            c.text(middle + shift + 28, top - 10, f"{value:.3f}", small, "m")
        c.text(middle, y + 436, year, small, "m")
    for k, (name, colour) in enumerate((("상류", (150, 190, 220)), ("중류", NAVY))):
        c.draw.rectangle([x + 650 + 110 * k, y + 10, x + 674 + 110 * k, y + 34], fill=colour)
        c.text(x + 684 + 110 * k, y + 31, name, small)


def _conclusion() -> Canvas:
    c = Canvas(PDF_PAGE)
    _running_head(c)
    title = Type("NanumSquare", 38, "ExtraBold")
    body = Type("Noto Serif CJK KR", 26)
    c.text(130, 214, "3. 지점별 평가", title)
    c.text(130, 280, "〈표 2〉 여섯 지점의 3년 평균", Type("NanumSquare", 24, "Bold"))
    y = table(
        c, 130, 300, (240, 170, 170, 200, 200),
        [("지점", "수온(℃)", "산도", "용존 산소(mg/L)", "총인(mg/L)"),
         ("① 샘골", "12.1", "7.2", "10.4", "0.031"), ("② 윗다리", "13.0", "7.3", "9.8", "0.044"),
         ("③ 물레방아", "14.2", "7.1", "9.1", "0.060"), ("④ 공단 앞", "16.8", "6.8", "6.9", "0.149"),
         ("⑤ 새다리", "16.1", "6.9", "7.4", "0.121"), ("⑥ 합수머리", "15.7", "7.0", "8.0", "0.098")],
        Type("Noto Serif CJK KR", 24), 54, align="lmmmm", head=Type("NanumSquare", 23, "Bold"), vertical=False,
    )  # fmt: skip
    c.text(
        130,
        y + 34,
        "※ 2024년 7월의 ④ 지점은 홍수로 재지 못하여 평균에서 뺐다.",
        Type("NanumSquare", 20, fill=GREY),
    )
    c.text(130, y + 120, "4. 맺음말", title)
    y += 184
    for text in (
        "주민이 함께하는 관측은 비용이 적게 들 뿐 아니라 하천을 바라보는 눈을 바꾸어 놓았다. 설문에 답한 주민 가운데 78 %가 "
        "‘예전보다 자주 냇가를 걷는다’고 하였고, 쓰레기를 주운 적이 있다는 답도 두 배로 늘었다.",
        "그러나 기록을 오래 이어 가려면 몇 가지 어려움을 풀어야 한다. 첫째, 겨울철에 참여하는 사람이 3분의 1로 줄어든다. "
        "둘째, 시약의 유효 기간이 짧아 남는 것을 버리게 된다. 셋째, 자료를 손으로 옮겨 적는 과정에서 실수가 생긴다.",
        "앞으로는 학교의 과학 동아리와 손을 잡아 겨울철 관측을 맡기고, 휴대 전화로 사진을 찍으면 숫자가 저절로 입력되도록 "
        "할 계획이다. 작은 하천 하나를 오래 지켜본 기록이 다른 마을에도 보탬이 되기를 바란다.",
    ):
        y = paragraph(c, 130, y, 980, text, body, 1.8, indent=26) + 10
    c.text(130, y + 50, "참고한 자료", Type("NanumSquare", 26, "Bold"))
    for k, text in enumerate((
        "[1] 민들레, 「주민과 함께 읽는 물」, 온새환경연구소, 2025, 41~58쪽.",
        "[2] 차승호 외, “Low-cost phosphorus tests in small streams”, Vol. 12, No. 3, 2024.",
    )):  # fmt: skip
        c.text(130, y + 96 + 40 * k, text, Type("Noto Serif CJK KR", 22))
    c.text(620, 1680, "3", Type("NanumSquare", 22), "m")
    return c
