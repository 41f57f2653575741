# ruff: noqa: E501 (Hangul counts double, and a text is easier to read unbroken)
"""Pages people photograph or scan the wrong way up: a book page, a handout, a letter, a recipe, a timetable."""

import numpy as np

from training.sample_canvas import Canvas, Colour, Type
from training.sample_layout import paragraph, table
from training.sample_pages.office import A4
from training.sample_pages.shapes import GREEN, NAVY, RED, leaf_logo, tick

GREY: Colour = (90, 90, 94)
CREAM: Colour = (248, 244, 232)


def book_page(rng: np.random.Generator) -> Canvas:
    """One page of a book of essays, to be bent towards its spine."""
    c = Canvas((1100, 1560), paper=CREAM)
    body = Type("Baekmuk Batang", 29)
    c.text(950, 110, "바다가 보이는 부엌", Type("Baekmuk Batang", 22, fill=GREY), "r")
    c.text(150, 230, "세 번째 이야기", Type("Baekmuk Dotum", 25, fill=GREY))
    c.text(150, 296, "외할머니의 된장", Type("Baekmuk Headline", 48))
    y = 392.0
    for text in (
        "외할머니는 된장을 담그는 날이면 새벽부터 마당을 쓸었다. 먼지가 일면 장맛이 달아난다는 것이었다. 나는 졸린 눈을 "
        "비비며 평상에 앉아, 할머니가 항아리 뚜껑을 하나씩 열어 볕을 들이는 모습을 지켜보았다.",
        "“장은 사람이 담그는 게 아니여. 바람이 담그고 햇볕이 익히는 거지.”",
        "할머니의 말을 그때는 알아듣지 못했다. 메주 덩어리는 그저 못생긴 돌멩이 같았고, 소금물 위에 띄운 숯과 고추는 "
        "소꿉놀이처럼 보였다. 그런데 이상하게도 할머니가 끓여 주는 찌개는 어디에서도 맛볼 수 없는 맛이 났다. 두부 몇 조각과 "
        "애호박, 그리고 바지락 한 줌이 전부인데도 그랬다.",
        "서울로 올라온 뒤 나는 여러 번 그 맛을 흉내 내 보았다. 값비싼 된장을 사고, 멸치를 볶아 국물을 내고, 뚝배기까지 새로 "
        "장만했다. 하지만 숟가락을 뜨는 순간 고개를 젓게 되었다. 무엇이 빠졌을까? 오래 생각한 끝에 나는 마당을 쓸던 "
        "빗자루 소리를 떠올렸다. 맛은 혀로만 느끼는 것이 아니라는 것을 그제야 알았다.",
        "지난봄, 나는 낡은 집 옥상에 작은 항아리 두 개를 들였다. 그리고 아침마다 뚜껑을 열러 계단을 오른다. 하늘이 맑으면 괜히 마음이 바쁘다.",
    ):
        y = paragraph(c, 150, y, 800, text, body, 1.85, indent=29, split_words=True)
    c.text(550, 1490, "47", Type("Baekmuk Batang", 24), "m")
    return c


def handout(rng: np.random.Generator) -> Canvas:
    """A language class handout with two exercises, to be photographed on a desk."""
    c = Canvas(A4, paper=(250, 250, 248))
    body = Type("Baekmuk Gulim", 30)
    bold = Type("Baekmuk Headline", 32)
    c.draw.rectangle([110, 104, 1130, 178], fill=NAVY)
    c.text(140, 154, "제7과 여행 계획을 세워요", Type("Baekmuk Headline", 38, fill=(255, 255, 255)))
    c.text(1100, 152, "한국어 2B", Type("Baekmuk Gulim", 26, fill=(230, 236, 250)), "r")
    c.text(110, 254, "■ 다음 대화를 소리 내어 읽어 보세요.", bold)
    y = 322.0
    for who, text in (
        ("유나:", "방학에 뭐 할 거예요? 저는 제주도에 가려고 해요."),
        ("마이클:", "와, 좋겠네요! 비행기표는 벌써 샀어요?"),
        ("유나:", "아직 못 샀어요. 주말에는 너무 비싸서 화요일에 떠날까 해요."),
        ("마이클:", "그럼 숙소부터 알아봐요. 바닷가 근처가 조용하대요."),
        ("유나:", "좋은 생각이에요. 혹시 같이 갈래요?"),
    ):
        c.text(130, y, who, body.at(fill=NAVY))
        c.text(320, y, text, body)
        y += 60
    c.text(110, y + 46, "■ 알맞은 말을 골라 빈칸에 쓰세요.", bold)
    y += 80
    c.draw.rounded_rectangle([130, y, 1110, y + 78], 12, outline=GREY, width=2)
    for k, word in enumerate(("~려고 하다", "~기 전에", "~는 동안", "~자마자")):
        c.text(255 + 245 * k, y + 50, word, body, "m")
    y += 142
    for k, (before, after) in enumerate((
        ("저는 내년에 대학원에 들어가", "요."),
        ("집에 도착하", "손부터 씻었어요."),
        ("밥을 먹", "물을 한 잔 마셔요."),
        ("제가 청소하", "동생은 빨래를 했어요."),
    ), 1):  # fmt: skip
        end = c.text(130, y, f"({k}) {before}", body)
        c.rule(end + 10, y + 8, end + 240, y + 8, 2)
        c.text(end + 256, y, after, body)
        y += 66
    c.text(110, y + 40, "■ 여행 가방을 싸요. 필요한 것에 표시하세요.", bold)
    y += 104
    for k, (word, done) in enumerate((
        ("갈아입을 옷", True), ("충전기", True), ("두꺼운 책", False), ("세면도구", True), ("우산", True), ("모자", False),
    )):  # fmt: skip
        x, base = 150 + 330 * (k % 3), y + 62 * (k // 3)
        tick(c, x, base + 2, 28, done)
        c.text(x + 46, base, word, body)
    y += 170
    c.text(110, y, "숙제: 가고 싶은 곳과 까닭을 다섯 문장으로 써 오세요. (금요일까지)", body.at(fill=RED))
    for k in range(1, 5):
        c.rule(110, y + 64 * k, 1130, y + 64 * k, 1, (170, 170, 170))
    c.text(620, 1690, "52", Type("Baekmuk Gulim", 24), "m")
    return c


def school_letter(rng: np.random.Generator) -> Canvas:
    """A school's letter to parents with a slip to cut off."""
    c = Canvas(A4)
    body = Type("Baekmuk Gulim", 27)
    leaf_logo(c, 164, 146, 88, GREEN)
    c.text(640, 132, "가정통신문", Type("BM HANNA Pro", 60, fill=GREEN), "m")
    c.text(640, 182, "별솔초등학교 교무실 031-555-0119 | 2026-73호", Type("NanumSquare", 23), "m")
    c.rule(110, 216, 1130, 216, 4, GREEN)
    c.text(620, 300, "가을 현장 체험 학습 안내", Type("Baekmuk Headline", 44), "m")
    y = paragraph(
        c, 110, 376, 1020,
        "학부모님, 안녕하십니까? 들판이 누렇게 물드는 계절입니다. 우리 학교 4학년은 교실에서 배운 내용을 몸으로 익히고자 "
        "아래와 같이 체험 학습을 떠납니다. 자녀가 안전하고 즐겁게 다녀올 수 있도록 챙겨 주시기 바랍니다.",
        body, 1.75, indent=27,
    )  # fmt: skip
    y += 30
    for name, value in (
        ("가. 날짜", "2026년 10월 22일(목), 비가 와도 갑니다."),
        ("나. 장소", "온새 민속 마을과 도자기 가마터"),
        ("다. 모이는 곳", "학교 운동장 (오전 8시 40분까지)"),
        ("라. 비용", "18,500원 (버스비 9,000원, 체험비 9,500원)"),
        ("마. 준비물", "도시락, 물, 간식 조금, 돗자리, 여벌 양말"),
    ):
        c.text(130, y, name, Type("Baekmuk Headline", 27))
        c.text(360, y, value, body)
        y += 54
    y = table(
        c, 130, y, (250, 730),
        [("시간", "하는 일"), ("09:00 ~ 10:10", "학교에서 출발하여 민속 마을에 도착"),
         ("10:20 ~ 12:00", "떡메 치기, 새끼 꼬기 (두 모둠으로 나누어)"), ("12:00 ~ 13:00", "점심 먹고 자유 놀이"),
         ("13:10 ~ 14:40", "물레로 그릇 빚기"), ("15:50", "학교 도착 후 집으로")],
        body.at(size=25), 54, align="ml", head=Type("Baekmuk Headline", 25),
    )  # fmt: skip
    c.text(620, y + 70, "2026년 10월 6일", body, "m")
    c.text(620, y + 130, "별 솔 초 등 학 교 장", Type("Baekmuk Headline", 38), "m")
    for x in range(110, 1130, 20):
        if abs(x + 5 - 620) > 70:
            c.rule(x, y + 180, x + 10, y + 180, 1)
    c.text(620, y + 188, "자르는 선", Type("Baekmuk Gulim", 18, fill=GREY), "m")
    c.text(620, y + 258, "체험 학습 참가 동의서", Type("Baekmuk Headline", 34), "m")
    c.text(130, y + 330, "4학년 ( ) 반 ( ) 번 이름:", body)
    c.text(720, y + 330, "참가 ( )", body)
    c.text(920, y + 330, "불참 ( )", body)
    c.text(1110, y + 396, "보호자 이름: (서명)", body, "r")
    return c


def recipe(rng: np.random.Generator) -> Canvas:
    """A recipe card with a picture, ingredients in two columns and numbered steps."""
    c = Canvas(A4, paper=(253, 250, 242))
    orange: Colour = (204, 96, 30)
    body = Type("NanumSquare", 28)
    c.text(110, 190, "김치볶음밥", Type("BM HANNA Pro", 96, fill=orange))
    c.text(110, 250, "2인분 · 20분 · 난이도 ★☆☆", Type("NanumSquare", 30, "Bold"))
    c.draw.ellipse([800, 90, 1130, 300], fill=(60, 60, 66))
    c.draw.ellipse([820, 96, 1110, 270], fill=(214, 92, 48))
    c.draw.ellipse([890, 118, 1040, 230], fill=(252, 250, 244))
    c.draw.ellipse([936, 146, 1000, 196], fill=(248, 190, 50))
    for x, y in zip(rng.integers(840, 1090, 60), rng.integers(120, 250, 60), strict=True):
        c.draw.ellipse([int(x), int(y), int(x) + 6, int(y) + 3], fill=(90, 140, 60))
    c.rule(110, 336, 1130, 336, 3, orange)
    c.text(110, 404, "재료", Type("NanumSquare", 36, "ExtraBold", fill=orange))
    for k, (name, amount) in enumerate((
        ("잘 익은 김치", "1컵 (200 g)"), ("밥", "2공기"), ("돼지고기 다짐육", "100 g"), ("대파", "1/2대"),
        ("달걀", "2개"), ("고춧가루", "1작은술"), ("간장", "1큰술"), ("참기름, 깨", "조금"),
    )):  # fmt: skip
        x, y = (110, 660)[k % 2], 466 + 58 * (k // 2)
        c.text(x, y, name, body)
        c.text(x + 450, y, amount, Type("NanumSquare", 28, "Bold"), "r")
        c.rule(x, y + 16, x + 450, y + 16, 1, (216, 200, 180))
    c.text(110, 764, "만드는 법", Type("NanumSquare", 36, "ExtraBold", fill=orange))
    y = 836.0
    for k, text in enumerate((
        "김치는 속을 털어 내고 잘게 썬다. 국물은 버리지 말고 세 숟가락쯤 남겨 둔다.",
        "달군 팬에 기름을 두르고 대파를 약한 불에서 볶아 향을 낸다.",
        "돼지고기를 넣고 겉이 하얗게 익으면 김치와 고춧가루를 넣어 센 불에서 3분 동안 볶는다.",
        "불을 줄이고 밥을 넣는다. 주걱을 세워 자르듯이 섞어야 밥알이 뭉개지지 않는다.",
        "팬 가장자리에 간장을 둘러 살짝 눌린 뒤 전체를 골고루 섞고 참기름을 넣는다.",
        "접시에 담아 반숙으로 부친 달걀을 올리고 깨를 뿌린다.",
    ), 1):  # fmt: skip
        c.draw.ellipse([110, y - 34, 158, y + 14], fill=orange)
        c.text(134, y + 1, str(k), Type("NanumSquare", 28, "ExtraBold", fill=(255, 255, 255)), "m")
        y = paragraph(c, 206, y, 920, text, body, 1.6, justify=False) + 30
    c.draw.rounded_rectangle([110, y + 10, 1130, y + 190], 16, fill=(252, 236, 214))
    c.text(140, y + 66, "알아 두세요!", Type("NanumSquare", 29, "ExtraBold", fill=orange))
    paragraph(
        c, 140, y + 116, 960,
        "김치가 너무 시면 설탕을 반 작은술 넣으세요. 찬밥을 쓸 때는 전자레인지에 1분만 데우면 잘 풀립니다.",
        body.at(size=26), 1.6, justify=False,
    )  # fmt: skip
    c.text(1130, 1690, "우리 집 밥상 12", Type("NanumSquare", 22, fill=GREY), "r")
    return c


def timetable(rng: np.random.Generator) -> Canvas:
    """A bus stop's timetable: a wide grid of times, notes, fares."""
    c = Canvas(A4)
    face = Type("UnDotum", 25)
    c.draw.rectangle([80, 80, 1160, 220], fill=NAVY)
    white: Colour = (255, 255, 255)
    c.text(120, 172, "27-1", Type("NanumSquare", 78, "ExtraBold", fill=white))
    c.text(340, 144, "온새역 ↔ 가람대학교", Type("NanumSquare", 40, "Bold", fill=white))
    c.text(340, 194, "첫차 05:40 막차 22:50", Type("NanumSquare", 28, fill=white))
    c.text(1120, 194, "2026. 9. 1.부터", Type("NanumSquare", 24, fill=white), "r")
    c.text(80, 290, "평일 온새역 출발 시각", Type("UnDotum", 32, "Bold"))
    rows = [("시", "분", "비고")]
    for hour in range(5, 23):
        gap = 6 if hour in (7, 8, 18) else 8 if hour < 20 else 15
        start = 40 if hour == 5 else int(rng.integers(1, 6))
        rows.append((f"{hour:02d}", " ".join(f"{m:02d}" for m in range(start, 60, gap)),
                     {7: "급행 07:26", 12: "", 18: "급행 18:14"}.get(hour, "")))  # fmt: skip
    y = table(
        c, 80, 316, (120, 700, 260), rows, face.at(size=24), 44, align="mlm", head=Type("UnDotum", 25, "Bold")
    )
    y += 56
    c.text(80, y, "지나는 곳", Type("UnDotum", 30, "Bold"))
    y = paragraph(
        c, 80, y + 48, 1080,
        "온새역 → 중앙시장 → 시청 앞 → 보건소 → 푸른들마을 → 물빛천 둔치 → 별솔초등학교 → 나루도서관 → 가람대학교 정문",
        face, 1.65, justify=False,
    )  # fmt: skip
    y = table(
        c, 80, y + 6, (270, 270, 270, 270),
        [("구분", "어른", "청소년", "어린이"), ("카드", "1,450원", "1,010원", "730원"), ("현금", "1,500원", "1,100원", "800원")],
        face, 50, head=Type("UnDotum", 25, "Bold"),
    )  # fmt: skip
    c.text(
        80,
        y + 50,
        "※ 길이 막히면 5~10분 늦을 수 있습니다. 토·일·공휴일 시간표는 뒷면에 있습니다.",
        face.at(size=23),
    )
    c.text(80, y + 92, "불편 신고: 온새교통(주) 031-555-0181 · 분실물 센터 031-555-0182", face.at(size=23))
    return c
