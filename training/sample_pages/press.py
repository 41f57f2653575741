# ruff: noqa: E501 (Hangul counts double, and a text is easier to read unbroken)
"""Printed matter in columns and small sizes: a newsletter and a manual's small print."""

import numpy as np
from PIL import ImageDraw

from training.sample_canvas import Canvas, Colour, Type
from training.sample_layout import paragraph
from training.sample_pages.office import A4
from training.sample_pages.shapes import GREEN, NAVY, bar_code, leaf_logo

GREY: Colour = (96, 98, 104)


def newsletter(rng: np.random.Generator) -> Canvas:
    """A neighbourhood newsletter: masthead, lead article over two columns, a picture, a box of dates."""
    c = Canvas(A4)
    c.draw.rectangle([0, 0, 1240, 22], fill=GREEN)
    c.text(90, 150, "달빛마을 소식", Type("BM HANNA Pro", 92, fill=GREEN))
    c.text(1150, 96, "제58호", Type("NanumSquare", 30, "Bold"), "r")
    c.text(1150, 140, "2026년 10월 · 마을공동체 발행", Type("NanumSquare", 22, fill=GREY), "r")
    c.rule(90, 182, 1150, 182, 5, GREEN)
    c.rule(90, 190, 1150, 190, 1, GREEN)
    c.text(90, 270, "빈집이 책방으로, 골목이 다시 밝아졌다", Type("Noto Serif CJK KR", 52, "Bold"))
    c.text(
        90,
        322,
        "주민 스물세 명이 석 달 동안 손수 고쳐 문을 연 ‘모퉁이 책방’",
        Type("Noto Serif CJK KR", 27, fill=GREY),
    )
    body = Type("Noto Serif CJK KR", 23)
    left, right, width = 90, 640, 510
    y = _column(c, left, 376, width, body, (
        "버스 종점에서 언덕길을 따라 5분쯤 걸으면 파란 지붕 집이 나온다. 십 년 가까이 비어 있던 이 집이 지난달 책방으로 "
        "다시 태어났다. 깨진 창을 갈고 벽에 흙을 바른 이들은 모두 이 골목에 사는 주민들이다.",
        "처음부터 쉬운 일은 아니었다. 집주인을 찾는 데만 두 달이 걸렸고, 지붕에서는 비가 샜다. 목수로 일하던 강만복(67) "
        "씨가 앞장서자 이웃들이 하나둘 연장을 들고 모였다. “버려진 집을 보면 마음이 늘 무거웠는데, 이제는 아이들 웃음소리가 "
        "들려서 좋다”고 그는 말했다.",
        "책방에는 주민들이 내놓은 책 1,840권이 꽂혀 있다. 빌릴 때는 공책에 이름만 적으면 된다. 돌려주는 날은 따로 없다. "
        "다 읽으면 제자리에 꽂아 두는 것이 유일한 규칙이다.",
    ))  # fmt: skip
    c.text(left, y + 30, "“문턱 없는 거실이 되기를”", Type("NanumSquare", 30, "ExtraBold", fill=NAVY))
    y = _column(c, left, y + 84, width, body, (
        "저녁이면 책방은 작은 모임방으로 바뀐다. 화요일에는 소리 내어 시를 읽고, 목요일에는 뜨개질을 한다. 모임을 이끄는 "
        "윤슬기 씨는 “누구나 신발을 벗고 들어와 쉬었다 가는 거실 같은 곳이면 좋겠다”며 웃었다.",
        "운영비는 한 달에 22만 원 남짓이다. 절반은 후원으로, 나머지는 직접 담근 매실차를 팔아 마련한다. 겨울 난방비가 "
        "걱정이지만 주민들은 서두르지 않는다. 느리게 가더라도 오래가는 것이 중요하다고 믿기 때문이다.",
    ))  # fmt: skip
    c.rule(left, y - 8, left + width, y - 8, 1, GREY)
    c.text(left, y + 44, "텃밭 새 주인을 찾습니다", Type("NanumSquare", 30, "ExtraBold"))
    _column(c, left, y + 92, width, body, (
        "개울가 공동 텃밭 열두 구획 가운데 네 구획이 비었다. 한 구획은 10㎡이고 한 해 사용료는 3만 원이다. 호미와 물뿌리개는 "
        "창고에 있으며, 거름은 봄과 가을에 나누어 준다. 신청은 10월 30일까지 마을 사무실(초록 대문)에서 받는다.",
    ))  # fmt: skip
    _street(c, right, 352, width, 330, rng)
    c.text(right, 716, "▲ 문을 연 첫날, 책방 앞에 모인 주민들", Type("NanumSquare", 20, fill=GREY))
    c.text(right, 792, "가을 김장, 함께 담가요", Type("NanumSquare", 36, "ExtraBold"))
    y = _column(c, right, 842, width, body, (
        "올해 김장 나눔은 11월 21일 마을회관 마당에서 열린다. 배추 400포기를 절여 혼자 사는 어르신 86가구에 전한다. "
        "고무장갑과 앞치마만 챙겨 오면 누구나 참여할 수 있다. 점심에는 수육과 따뜻한 국밥이 나온다.",
    ))  # fmt: skip
    box = y + 24
    c.draw.rounded_rectangle(
        [right, box, right + width, box + 356], 14, fill=(238, 245, 240), outline=GREEN, width=2
    )
    c.text(right + 28, box + 56, "이달의 일정", Type("BM HANNA Pro", 34, fill=GREEN))
    for k, (day, what) in enumerate((
        ("3일(토)", "개울 청소 (오전 9시, 징검다리)"),
        ("10일(토)", "중고 장터 ‘되살림’"),
        ("17일(토)", "별 보기 모임, 뒷산 쉼터"),
        ("24일(토)", "주민 총회 (오후 3시)"),
        ("31일(토)", "골목 영화제, 우천 시 실내"),
    )):  # fmt: skip
        c.text(right + 28, box + 116 + 50 * k, day, Type("NanumSquare", 23, "Bold"))
        c.text(right + 170, box + 116 + 50 * k, what, Type("NanumSquare", 23))
    y = box + 416
    c.text(right, y, "독자 한마디", Type("NanumSquare", 30, "ExtraBold", fill=NAVY))
    _column(c, right, y + 48, width, body, (
        "지난 호에 실린 ‘우리 동네 나무 이름 알기’를 아이와 함께 오려 붙였습니다. 다음에는 새 이름도 알려 주세요. "
        "- 은행나무길 17, 서지우",
    ))  # fmt: skip
    c.rule(90, 1672, 1150, 1672, 1, GREY)
    c.text(90, 1706, "엮은이 달빛마을 편집모임 · 글과 사진을 기다립니다", Type("NanumSquare", 20, fill=GREY))
    c.text(1150, 1706, "1", Type("NanumSquare", 22, "Bold"), "r")
    return c


def _column(c: Canvas, x: float, y: float, width: float, kind: Type, texts: tuple[str, ...]) -> float:
    for text in texts:
        y = paragraph(c, x, y, width, text, kind, 1.62, indent=kind.size, split_words=True)
    return y


def _street(c: Canvas, x: int, y: int, width: int, height: int, rng: np.random.Generator) -> None:
    """A drawn picture of houses at dusk, in place of a photograph."""
    for row in range(height):
        part = row / height
        c.rule(
            x,
            y + row,
            x + width,
            y + row,
            1,
            (int(70 + 150 * part), int(90 + 90 * part), int(140 + 20 * part)),
        )
    c.draw.ellipse([x + 380, y + 40, x + 440, y + 100], fill=(250, 236, 190))
    c.draw.polygon([(x, y + 220), (x + 150, y + 120), (x + 320, y + 210), (x + width, y + 130), (x + width, y + height),
                    (x, y + height)], fill=(52, 74, 84))  # fmt: skip
    for left, wide, tall, wall in ((20, 130, 110, 0), (170, 170, 150, 1), (360, 130, 100, 2)):
        base = y + height - 24
        colour = ((196, 170, 140), (226, 214, 190), (170, 140, 120))[wall]
        roof = ((120, 60, 50), (44, 84, 150), (90, 70, 60))[wall]
        c.draw.rectangle([x + left, base - tall, x + left + wide, base], fill=colour)
        c.draw.polygon([(x + left - 14, base - tall), (x + left + wide / 2, base - tall - 60),
                        (x + left + wide + 14, base - tall)], fill=roof)  # fmt: skip
        for k in range(2):
            at = x + left + 20 + k * (wide - 70)
            c.draw.rectangle(
                [at, base - tall + 26, at + 32, base - tall + 66], fill=(250, 220, 130), outline=roof, width=3
            )
    c.draw.rectangle([x, y + height - 24, x + width, y + height], fill=(92, 88, 84))
    ImageDraw.Draw(c.image).rectangle([x, y, x + width, y + height], outline=(60, 60, 60), width=1)


WARNINGS = (
    ("안전을 위한 주의 사항", (
        "젖은 손으로 전원 플러그를 만지지 마십시오. 감전될 수 있습니다.",
        "플러그를 뺄 때에는 줄을 당기지 말고 플러그 몸통을 잡아 주십시오.",
        "한 콘센트에 여러 제품을 꽂아 쓰지 마십시오. 정격 15A 이상의 콘센트를 혼자 쓰도록 하십시오.",
        "제품을 마음대로 분해하거나 고치지 마십시오. 고장은 서비스 센터(1577-0000)에 맡겨 주십시오.",
        "어린이나 반려동물이 올라가지 않도록 하십시오. 넘어져 다칠 수 있습니다.")),
    ("설치하기", (
        "바닥이 평평하고 단단한 곳에 놓으십시오. 벽에서는 30 ㎝ 이상 떨어뜨려야 합니다.",
        "햇볕이 바로 드는 곳, 난로 가까이, 물이 튀는 곳은 피하십시오.",
        "주위 온도는 5 ℃ ~ 35 ℃, 습도는 80 % 이하가 알맞습니다.",
        "처음 쓸 때에는 창문을 열고 30분쯤 돌려 새 제품의 냄새를 빼 주십시오.")),
    ("쓰는 방법", (
        "① 물통을 빼서 깨끗한 수돗물을 채웁니다. 정수기 물이나 미네랄워터는 쓰지 마십시오.",
        "② 물통을 끼운 다음 [전원] 단추를 누릅니다. 초록색 표시등이 켜집니다.",
        "③ [세기] 단추를 누를 때마다 약 → 중 → 강 → 자동의 차례로 바뀝니다.",
        "④ [예약] 단추로 꺼지는 시간을 1·2·4·8시간 가운데 고릅니다.",
        "⑤ 물이 떨어지면 소리가 세 번 울리고 저절로 멈춥니다.")),
    ("청소하기", (
        "청소하기 전에 반드시 전원을 끄고 플러그를 뽑으십시오.",
        "물통은 날마다, 진동판은 일주일에 한 번 부드러운 솔로 닦아 주십시오.",
        "물때가 심하면 물 1 L에 구연산 10 g을 녹여 한 시간 담가 두었다가 헹굽니다.",
        "알코올, 시너, 표백제는 쓰지 마십시오. 겉면이 변하거나 갈라질 수 있습니다.",
        "오래 쓰지 않을 때에는 물을 모두 버리고 말린 뒤 상자에 넣어 두십시오.")),
    ("고장인가요?", (
        "바람은 나오는데 안개가 나오지 않아요: 물통의 물과 진동판의 물때를 살펴보십시오.",
        "소리가 커졌어요: 바닥이 기울었거나 물통이 덜 끼워졌을 수 있습니다.",
        "표시등이 빨갛게 깜빡여요: 물이 없습니다. 물을 채우면 5초 뒤에 다시 켜집니다.",
        "물이 새요: 물통 뚜껑의 고무를 바르게 끼우고 끝까지 돌려 잠그십시오.")),
    ("보증", (
        "보증 기간은 산 날부터 1년입니다. 영수증이 없으면 만든 날에서 3개월을 더한 날부터 셉니다.",
        "떨어뜨림, 침수, 다른 전압 사용, 임의 개조로 생긴 고장은 돈을 받고 고쳐 드립니다.",
        "부품 보유 기간은 생산을 그친 뒤 5년이며, 소모품(필터, 진동판)은 보증하지 않습니다.",
        "이 제품은 국내에서만 쓸 수 있습니다. 해외에서는 서비스를 받을 수 없습니다.")),
)  # fmt: skip


FACTS = (("제품 이름", "초음파 가습기"), ("모델", "HM-240"), ("정격 전압", "AC 220 V, 60 Hz"), ("소비 전력", "28 W"),
         ("물통 용량", "4.0 L"), ("가습량", "시간당 최대 350 mL"), ("크기", "204×204×318 ㎜"), ("무게", "1.9 ㎏"),
         ("소음", "34 dB 이하"), ("알맞은 넓이", "25 ㎡"))  # fmt: skip
WARRANTY = (("모델", "HM-240"), ("제조 번호", "2608-K-004172"), ("산 날", "20 년 월 일"), ("산 곳", ""), ("손님 이름", ""),
            ("보증 기간", "산 날부터 1년"), ("부품 보유", "5년"))  # fmt: skip


def small_print(rng: np.random.Generator) -> Canvas:
    """A folded manual sheet of a humidifier: three columns in 14-pixel type, data, a bar code."""
    c = Canvas((1240, 1080))
    body = Type("UnDotum", 14)
    head = Type("UnDotum", 18, "Bold")
    leaf_logo(c, 92, 92, 46)
    c.text(130, 102, "초음파 가습기 HM-240 사용 설명서", Type("UnDotum", 32, "Bold"))
    c.text(1180, 86, "보증서가 들어 있습니다. 잘 보관하십시오.", body, "r")
    c.text(1180, 108, "Rev. 3.1 (2026. 08.)", body, "r")
    c.rule(60, 128, 1180, 128, 2)
    columns, width = (60, 440, 820), 350
    for column, x in enumerate(columns):
        y = 168.0
        for title, texts in WARNINGS[2 * column : 2 * column + 2]:
            c.draw.rectangle([x, y - 19, x + 6, y + 3], fill=NAVY)
            c.text(x + 16, y, title, head)
            y += 30
            for text in texts:
                if text[0] not in "①②③④⑤":
                    c.draw.ellipse([x + 3, y - 8, x + 8, y - 3], fill=(60, 60, 60))
                y = paragraph(c, x + 16, y, width - 16, text, body, 1.55) + 4
            y += 26
        if column == 0:
            _ruled_rows(c, x, y, width, head, body, "제품 규격", FACTS)
        elif column == 1:
            c.text(x + 16, y, "물어보실 곳", head)
            for k, text in enumerate(
                (
                    "고객 상담실 1577-0000 (평일 9시~18시)",
                    "www.humid.example → [고객 지원]",
                    "우편 10414 경기도 온새시 가람로 9",
                )
            ):
                c.text(x + 16, y + 32 + 24 * k, text, body)
            bar_code(c, x + 70, y + 130, 210, 56, rng, 1)
            c.text(x + 175, y + 204, "8 800000 240019", body, "m")
        else:
            _ruled_rows(c, x, y, width, head, body, "제품 보증서", WARRANTY)
    c.rule(60, 1018, 1180, 1018, 1)
    c.text(60, 1044, "버리실 때에는 전자 제품 수거함을 이용해 주십시오.", body)
    c.text(1180, 1044, "HM-240-KR-0031", body, "r")
    return c


def _ruled_rows(
    c: Canvas,
    x: float,
    y: float,
    width: float,
    head: Type,
    body: Type,
    title: str,
    rows: tuple[tuple[str, str], ...],
) -> None:
    c.text(x + 16, y, title, head)
    for k, (name, value) in enumerate(rows):
        base = y + 32 + 26 * k
        c.text(x + 16, base, name, body)
        if value:
            c.text(x + 146, base, value, body)
        c.rule(x + 6, base + 8, x + width, base + 8, 1, (170, 170, 170))
