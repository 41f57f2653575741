# ruff: noqa: E501 (Hangul counts double, and a text is easier to read unbroken)
"""Papers of everyday administration: a house notice, minutes, an old circular."""

import numpy as np

from training.sample_canvas import Canvas, Type
from training.sample_layout import paragraph, table
from training.sample_pages.shapes import GREEN, NAVY, leaf_logo, seal

A4 = (1240, 1754)  # pixels at 150 dpi


def notice(rng: np.random.Generator) -> Canvas:
    """A notice of lift works in a block of flats: title box, numbered items, a small table, a seal."""
    c = Canvas(A4)
    head = Type("Baekmuk Headline", 54, fill=NAVY)
    body = Type("Baekmuk Batang", 27)
    label = Type("NanumSquare", 27, "Bold")
    small = Type("NanumSquare", 20, fill=(90, 90, 94))
    leaf_logo(c, 150, 130, 72, GREEN)
    c.text(200, 126, "푸른들마을 3단지", Type("NanumSquare", 30, "ExtraBold", fill=GREEN))
    c.text(200, 158, "관리사무소", Type("NanumSquare", 22, fill=GREEN))
    c.text(1120, 126, "공고 제2026-41호", small, "r")
    c.text(1120, 158, "게시 기간 11. 9. ~ 11. 30.", small, "r")
    c.rule(120, 186, 1120, 186, 4, GREEN)
    c.text(620, 290, "승강기 교체 공사 안내", head, "m")
    c.rule(340, 322, 900, 322, 2, NAVY)
    y = paragraph(
        c, 120, 400, 1000,
        "입주민 여러분, 안녕하십니까? 우리 단지 승강기는 설치한 지 21년이 지나 고장이 잦고 부품을 구하기 어려워졌습니다. "
        "이에 입주자대표회의 의결에 따라 아래와 같이 승강기를 새것으로 바꾸고자 하오니, 공사 기간에 다소 불편하시더라도 "
        "너그러이 양해해 주시기 바랍니다.",
        body, 1.75, indent=27,
    )  # fmt: skip
    y += 24
    for name, value in (
        ("1. 공사 기간", "2026년 11월 23일(월) ~ 12월 18일(금), 26일간"),
        ("2. 작업 시간", "평일 오전 9시 ~ 오후 6시 (토·일요일은 쉽니다)"),
        ("3. 공사 업체", "한빛승강기(주) · 031-555-0172"),
        ("4. 동별 일정", "동마다 한 대씩 차례로 멈추고 나머지는 운행합니다."),
    ):
        c.text(130, y, name, label)
        c.text(350, y, value, body)
        y += 54
    y = table(
        c, 160, y - 8, (190, 290, 290, 180),
        [("구분", "1호기", "2호기", "비고"),
         ("301동", "11. 23. ~ 11. 28.", "11. 30. ~ 12. 4.", ""),
         ("302동", "11. 30. ~ 12. 4.", "12. 7. ~ 12. 11.", ""),
         ("303동", "12. 7. ~ 12. 11.", "12. 14. ~ 12. 18.", "야간 점검")],
        Type("Baekmuk Batang", 24), 50, head=label.at(size=23),
    )  # fmt: skip
    y += 66
    c.text(130, y, "5. 협조 사항", label)
    for item in (
        "이사하거나 큰 짐을 옮기실 분은 3일 전까지 알려 주십시오.",
        "계단은 소방 통로이니 자전거, 화분 등을 두지 마십시오.",
        "몸이 불편하신 분은 경비실로 전화하시면 도와 드립니다.",
        "작업 소음이 가장 큰 시간은 오전 10시부터 12시까지입니다.",
    ):
        y += 50
        c.text(160, y, f"○ {item}", body.at(size=26))
    y += 64
    c.text(
        130,
        y,
        "※ 일정은 날씨와 자재 사정에 따라 바뀔 수 있으며, 그때는 방송으로 알려 드립니다.",
        Type("Baekmuk Dotum", 23),
    )
    c.text(620, 1530, "2026년 11월 9일", body, "m")
    c.text(620, 1606, "푸른들마을 3단지 관리사무소장", Type("Baekmuk Headline", 36), "m")
    seal(c, 942, 1592, 46)
    c.rule(120, 1668, 1120, 1668, 1, (150, 150, 150))
    c.text(120, 1698, "문의: 관리사무소 031-555-0140 (평일 09:00~18:00)", small)
    c.text(1120, 1698, "1 / 1", small, "r")
    return c


def minutes(rng: np.random.Generator) -> Canvas:
    """Minutes of a team meeting: head table, decisions, tasks."""
    c = Canvas(A4)
    body = Type("UnDotum", 25)
    bold = Type("UnDotum", 25, "Bold")
    c.text(620, 170, "주간 업무 회의록", Type("NanumSquare", 50, "ExtraBold"), "m")
    y = table(
        c, 110, 220, (160, 350, 160, 350),
        [("일시", "2026. 10. 14.(수) 14:00", "장소", "본관 4층 소회의실"),
         ("참석", "김하늘 외 6명", "작성", "기획팀 오세린"),
         ("안건", "가을 전시회 준비", "보안", "대외비 아님")],
        body, 56,
    )  # fmt: skip
    y += 70
    for title, points in (
        (
            "1. 지난 회의 결과 점검",
            (
                "포스터 시안 세 가지 가운데 두 번째 안으로 정하고 인쇄소에 넘겼음.",
                "전시장 조명은 1층만 교체하고, 2층은 내년 예산으로 미루기로 함.",
                "자원봉사자 모집에 42명이 지원하여 그중 30명을 뽑았음.",
            ),
        ),
        (
            "2. 전시장 배치",
            (
                "입구 왼쪽에 안내대를 두고, 오른쪽 벽에는 연표를 붙인다.",
                "휠체어가 지나도록 통로 너비를 120 cm 이상으로 한다.",
                "어린이 체험 공간은 소리가 새지 않게 안쪽 방으로 옮긴다.",
            ),
        ),
        (
            "3. 홍보",
            (
                "누리집 배너는 10월 20일까지, 현수막은 10월 24일까지 건다.",
                "지역 신문 두 곳과 라디오 한 곳에 보도 자료를 보낸다.",
            ),
        ),
    ):
        c.text(110, y, title, bold.at(size=28))
        for point in points:
            y += 46
            c.text(140, y, f"- {point}", body)
        y += 72
    c.text(110, y, "4. 맡은 일과 마감", bold.at(size=28))
    y = table(
        c, 110, y + 26, (80, 470, 200, 270),
        [("번호", "할 일", "담당", "마감"),
         ("1", "작품 운송 보험 가입", "박준서", "10. 16.(금)"),
         ("2", "음성 안내 녹음 및 점검", "이다온", "10. 19.(월)"),
         ("3", "개막식 초대장 발송 (120통)", "오세린", "10. 21.(수)"),
         ("4", "소방 안전 점검표 제출", "최우진", "10. 23.(금)")],
        body, 56, align="mlmm", head=bold,
    )  # fmt: skip
    y += 60
    paragraph(
        c, 110, y, 1020,
        "다음 회의는 10월 21일(수) 오후 2시에 같은 곳에서 엽니다. 진행 상황을 전날까지 공유 폴더에 올려 주세요.",
        body, 1.7,
    )  # fmt: skip
    c.text(620, 1690, "- 3 -", body.at(size=21), "m")
    return c


def circular(rng: np.random.Generator) -> Canvas:
    """An old typed circular to schools, as it looks before a poor scanner got it."""
    c = Canvas(A4)
    body = Type("Baekmuk Batang", 28)
    c.text(620, 190, "새 마 을 도 서 관", Type("Baekmuk Batang", 46), "m")
    c.rule(150, 236, 1090, 236, 3)
    c.rule(150, 243, 1090, 243, 1)
    y = 310.0
    for name, value in (
        ("문서 번호", "도서 1320-58"),
        ("시행 일자", "1994. 4. 12."),
        ("받 음", "관내 각 학교장"),
        ("제 목", "이동 도서관 순회 일정 알림"),
    ):
        c.text(150, y, name, body)
        c.text(350, y, value, body)
        y += 56
    c.rule(150, y - 18, 1090, y - 18, 1)
    y += 50
    for text in (
        "1. 귀 교의 무궁한 발전을 기원합니다.",
        "2. 우리 도서관에서는 책을 접하기 어려운 지역의 학생들을 위하여 이동 도서관을 운영하고 있습니다. 올해 봄 학기의 "
        "순회 일정을 다음과 같이 알려 드리오니, 학생들이 널리 이용할 수 있도록 지도하여 주시기 바랍니다.",
        "3. 책은 한 사람이 두 권까지 빌릴 수 있으며, 다음 순회일에 돌려주면 됩니다. 비가 많이 오는 날에는 쉽니다.",
    ):
        y = paragraph(c, 150, y, 940, text, body, 1.8, hanging=42)
    y += 30
    c.text(620, y, "- 다 음 -", body, "m")
    y = table(
        c, 190, y + 40, (230, 330, 300),
        [("요일", "찾아가는 곳", "머무는 시간"),
         ("월요일", "솔내국민학교", "10:00 - 11:30"),
         ("화요일", "장터 앞 공터", "14:00 - 16:00"),
         ("목요일", "갯마을 분교", "10:30 - 12:00"),
         ("금요일", "윗골 마을 회관", "13:30 - 15:00")],
        body.at(size=26), 62, head=body.at(size=26), shade=None,
    )  # fmt: skip
    y += 80
    c.text(150, y, "붙임: 이동 도서관 이용 안내서 1부. 끝.", body)
    c.text(620, 1560, "새마을도서관장", Type("Baekmuk Batang", 44), "m")
    seal(c, 850, 1545, 52, (90, 90, 90))
    return c
