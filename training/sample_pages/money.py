# ruff: noqa: E501 (Hangul counts double, and a text is easier to read unbroken)
"""Papers with sums: a shop's receipt and an application form with a table."""

from itertools import pairwise

import numpy as np

from training.sample_canvas import Canvas, Colour, Type
from training.sample_layout import paragraph, table
from training.sample_pages.office import A4
from training.sample_pages.shapes import RED, bar_code, bars_logo, tick

ITEMS = (  # name, unit price in won, count; * marks goods free of value added tax
    ("*무농약 콩나물 300g", 1850, 2),
    ("우유식빵 420g", 3200, 1),
    ("*햇사과 5~6입/봉", 9900, 1),
    ("구운 김 도시락용 12봉", 5480, 1),
    ("*한돈 앞다리살 600g", 11340, 1),
    ("주방세제 리필 1.2L", 4700, 2),
    ("생수 2L×6", 3960, 3),
    ("종량제봉투 20L", 490, 5),
)
INK: Colour = (52, 50, 60)
PEN: Colour = (22, 40, 120)


def receipt(rng: np.random.Generator) -> Canvas:
    """A thermal receipt of 80 mm: items with unit price, count and amount; every sum is right."""
    c = Canvas((576, 1500), paper=(250, 249, 246))
    body = Type("UnDotum", 23, fill=INK)
    small = body.at(size=20)
    left, right = 28, 548
    c.text(288, 84, "온누리마트", Type("Baekmuk Headline", 50, fill=INK), "m")
    c.text(288, 122, "햇살점", Type("Baekmuk Headline", 28, fill=INK), "m")
    y = 168.0
    for text in (
        "사업자번호 129-81-40356 대표 정미르",
        "경기도 온새시 햇살로 27 (가람동)",
        "전화 031-555-0138",
    ):
        c.text(left, y, text, small)
        y += 30
    c.text(left, y + 8, "[판매] 2026-10-31 (토) 18:42", body)
    c.text(right, y + 8, "POS 02-0417", small, "r")
    y = _dashes(c, y + 28)
    for x, text, anchor in (
        (left, "상품명", "l"),
        (330, "단가", "r"),
        (416, "수량", "r"),
        (right, "금액", "r"),
    ):
        c.text(x, y + 30, text, small, anchor)
    y = _dashes(c, y + 42)
    for name, price, count in ITEMS:
        c.text(left, y + 30, name, body)
        c.text(330, y + 60, f"{price:,}", body, "r")
        c.text(416, y + 60, f"{count}", body, "r")
        c.text(right, y + 60, f"{price * count:,}", body, "r")
        y += 68
    free = sum(p * n for name, p, n in ITEMS if name.startswith("*"))
    total = sum(p * n for _, p, n in ITEMS)
    net = round((total - free) / 1.1)
    y = _dashes(c, y + 6)
    for name, amount in (("면세 물품가액", free), ("과세 물품가액", net), ("부가세", total - free - net)):
        c.text(left, y + 32, name, body)
        c.text(right, y + 32, f"{amount:,}", body, "r")
        y += 34
    c.text(left, y + 48, "합 계", Type("Baekmuk Headline", 36, fill=INK))
    c.text(right, y + 48, f"{total:,}원", Type("Baekmuk Headline", 36, fill=INK), "r")
    y = _dashes(c, y + 64)
    for name, value in (
        ("카드사", "나래카드 (일시불)"),
        ("카드번호", "9410-12**-****-3358"),
        ("승인번호", "30571946"),
        ("결제금액", f"{total:,}"),
        ("적립 포인트", f"{total // 100:,} P"),
    ):
        c.text(left, y + 32, name, body)
        c.text(right, y + 32, value, body, "r")
        y += 34
    y = _dashes(c, y + 12)
    for text in (
        "교환·환불은 30일 안에 영수증과 함께",
        "가져오셔야 합니다. (신선식품 제외)",
        "감사합니다. 또 찾아 주세요!",
    ):
        c.text(288, y + 32, text, small, "m")
        y += 30
    bar_code(c, 90, y + 22, 396, 64, rng)
    c.text(288, y + 114, "2026 1031 0200 4170 0358", small, "m")
    return c


def _dashes(c: Canvas, y: float) -> float:
    for x in range(28, 548, 12):
        c.rule(x, y, x + 6, y, 2, INK)
    return y


def form(rng: np.random.Generator) -> Canvas:
    """An application for a course, filled in: boxes, ticked boxes, values in another face, a fee table."""
    c = Canvas(A4)
    label = Type("NanumSquare", 25, "Bold")
    value = Type("Noto Serif CJK KR", 26, fill=PEN)
    small = Type("NanumSquare", 21)
    bars_logo(c, 110, 138, 56)
    c.text(190, 130, "가람평생학습관", Type("NanumSquare", 28, "ExtraBold"))
    c.text(1130, 112, "[별지 제3호 서식]", small, "r")
    c.text(1130, 142, "접수 번호 제 0286 호", small, "r")
    c.text(620, 236, "수강 신청서", Type("NanumSquare", 56, "ExtraBold"), "m")
    top, bottom = 290, 290 + 6 * 66
    for k in range(7):
        c.rule(110, top + 66 * k, 1130, top + 66 * k, 3 if k in (0, 6) else 1)
    for x in (110, 290, 1130):
        c.rule(x, top, x, bottom, 3 if x != 290 else 1)
    for x in (640, 800):
        c.rule(x, top, x, top + 132, 1)
    rows = (
        (("성 명", "한여름"), ("생년월일", "1988. 7. 23.")),
        (("연락처", "010-5550-0194"), ("성별", "")),
        (("주 소", "경기도 온새시 물빛로 118, 204동 1503호 (나루동)"),),
        (("전자우편", "summer.han@example.kr"),),
        (("비상 연락처", "한겨울 (동생) 010-5550-0127"),),
        (("신청 동기", "손글씨로 부모님께 편지를 써 드리고 싶어서"),),
    )
    for row, cells in enumerate(rows):
        base = top + 66 * row + 43
        for (name, text), (label_x, value_x) in zip(cells, ((200, 316), (720, 826)), strict=False):
            c.text(label_x, base, name, label, "m")
            if text:
                c.text(value_x, base, text, value)
        if row == 1:
            for x, text, done in ((830, "여", True), (930, "남", False)):
                tick(c, x, base + 2, 24, done)
                c.text(x + 38, base, text, label)
    y = bottom + 62.0
    c.text(110, y, "■ 신청 과목 및 수강료", label.at(size=29))
    courses = (("기초 서예와 손글씨", "화 10:00~12:00", 12, 96000), ("스마트폰 사진 교실", "목 14:00~16:00", 8, 64000),
               ("우리 동네 역사 산책", "토 09:30~11:30", 6, 30000))  # fmt: skip
    paid = sum(fee for *_, fee in courses)
    rows_ = [("번호", "과목", "요일·시간", "횟수", "수강료(원)")]
    rows_ += [(str(k), name, time, f"{n}회", f"{fee:,}") for k, (name, time, n, fee) in enumerate(courses, 1)]
    rows_ += [("", "합 계", "", f"{sum(n for *_, n, _ in courses)}회", f"{paid:,}"),
              ("", "경로·다자녀 감면 (20%)", "", "", f"-{paid // 5:,}"),
              ("", "낼 금액", "", "", f"{paid - paid // 5:,}")]  # fmt: skip
    y = table(
        c,
        110,
        y + 26,
        (90, 380, 260, 110, 180),
        rows_,
        value.at(size=24),
        52,
        align="mlmmr",
        head=label.at(size=23),
    )
    y += 64
    c.text(110, y, "■ 개인 정보 수집·이용 동의", label.at(size=29))
    y = paragraph(
        c, 110, y + 50, 1020,
        "위 학습관은 수강생 관리를 위하여 성명, 연락처, 주소를 모으며, 강좌가 끝난 뒤 1년이 지나면 모두 파기합니다. "
        "동의하지 않을 수 있으나, 이 경우 수강 안내 문자를 받지 못합니다.",
        small.at(size=23), 1.7,
    )  # fmt: skip
    for x, text, done in ((780, "동의함", True), (950, "동의하지 않음", False)):
        tick(c, x, y + 14, 24, done)
        c.text(x + 40, y + 12, text, label.at(size=23))
    c.text(620, y + 90, "위와 같이 수강을 신청합니다.", label.at(size=27), "m")
    c.text(620, y + 150, "2026년 9월 2일", value, "m")
    c.text(760, y + 216, "신청인", label)
    c.text(870, y + 216, "한여름", value.at(size=30))
    c.text(1000, y + 216, "(서명)", small)
    wave = [(1058 + 3 * k, y + 206 + 16 * float(np.sin(k * 0.9)) * (1 - k / 34) - k) for k in range(24)]
    for a, b in pairwise(wave):
        c.draw.line([a, b], fill=PEN, width=3)
    c.text(110, y + 272, "가람평생학습관장 귀하", Type("NanumSquare", 32, "ExtraBold"))
    c.rule(110, 1690, 1130, 1690, 1, RED)
    c.text(1130, 1722, "210㎜ × 297㎜ (백상지 80g)", small.at(size=19), "r")
    return c
