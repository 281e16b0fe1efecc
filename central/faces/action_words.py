"""Actions of the journal in words. One that this program does not know is told as it stands."""

from collections.abc import Mapping, Sequence

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

PAGE, SENT = "page ", "sent "  # before an endpoint: it was opened, or a form was sent to it

DEEDS: Mapping[str, LazyString] = {
    "login": _l("Вход"),
    "login refused": _l("Отказ во входе"),
    "logout": _l("Выход"),
    "session revoked": _l("Завершён свой вход на другом устройстве"),
    "token made": _l("Токен для своей программы"),
    "token withdrawn": _l("Токен отозван"),
    "password set": _l("Пароль задан из командной строки"),
    "password changed": _l("Смена своего пароля"),
    "password forgotten": _l("Просьба о новом пароле"),
    "password reset": _l("Новый пароль по письму"),
    "second factor": _l("Вход в два шага"),
    "account made": _l("Новая учётная запись"),
    "applied": _l("Заявка на доступ"),
    "activated": _l("Почта подтверждена"),
    "application approved": _l("Заявка: доступ открыт"),
    "application declined": _l("Заявка отклонена"),
    "blocked": _l("Вход потребителю запрещён"),
    "approved": _l("Вход потребителю разрешён"),
    "legal text": _l("Текст регистрации"),
    "news written": _l("Новость записана"),
    "news withdrawn": _l("Новость снята"),
    "news put back": _l("Новость возвращена"),
    "consent withdrawn": _l("Согласие отозвано"),
    "consent taken back": _l("Отзыв согласия отменён"),
    "erased": _l("Персональные данные стёрты"),
    "data downloaded": _l("Свои данные скачаны"),
    "mail change asked": _l("Смена почты запрошена"),
    "mail change stopped": _l("Смена почты остановлена"),
    "mail changed": _l("Почта сменилась"),
    "mail vouched for": _l("Смена почты подтверждена компанией"),
    "phone changed": _l("Смена телефона"),
    "invited": _l("Приглашение близкому"),
    "joined": _l("Приглашение принято"),
    "family ended": _l("Доступ близкого закончен"),
    "invitation taken back": _l("Приглашение отозвано"),
    "cabinet opened": _l("Кабинет потребителя открыт сотрудником"),
    "member added": _l("Новый сотрудник"),
    "rights given": _l("Права сотрудника"),
    "role given": _l("Роль сотрудника"),
    "point opened": _l("Точка потребителя открыта сотрудником"),
    "registry": _l("Изменение реестра"),
    "decision": _l("Решение об исключении"),
    "check": _l("Пределы проверки"),
    "month closing": _l("Закрытие месяца начато"),
    "month closed": _l("Месяц закрыт"),
    "month opened": _l("Месяц открыт снова"),
    "document added": _l("Документ приложен"),
    "document removed": _l("Документ убран"),
    "workbook": _l("Книга загружена"),
    "workbook agreed": _l("Книга: внести"),
    "workbook dropped": _l("Книга отброшена"),
    "import": _l("Импорт в реестр"),
    "undo": _l("Отмена изменения реестра"),
    "configuration": _l("Настройка концентратора"),
    "edge key": _l("Ключ концентратора"),
    "meter secret": _l("Пароль счётчика"),
    "command": _l("Команда концентратору"),
    "replay": _l("Сообщения обработать снова"),
    "discard": _l("Сообщения отброшены"),
    "mail tried": _l("Пробное письмо"),
    "job run": _l("Задание запущено"),
    "job retry": _l("Задание повторено"),
    "job drop": _l("Задание отброшено"),
    "series rebuild": _l("Временной ряд построен заново"),
    "series move": _l("Временной ряд перенесён"),
    "restored": _l("База восстановлена из копии"),
}

PAGES: Mapping[str, LazyString] = {  # endpoint -> what it is about
    "cabinet.main": _l("главная"),
    "cabinet.data": _l("учётные данные точки"),
    "cabinet.data_file": _l("учётные данные файлом"),
    "cabinet.news": _l("новости компании"),
    "cabinet.data_line": _l("учётные данные, линия графика"),
    "cabinet.consumption": _l("потребление за месяц"),
    "cabinet.readings": _l("показания точки"),
    "cabinet.reading": _l("показание на дату"),
    "cabinet.complexes": _l("измерительный комплекс точки"),
    "cabinet.explain": _l("откуда цифра"),
    "cabinet.explain_data": _l("откуда цифра, для программ"),
    "cabinet.what_if": _l("другой тариф"),
    "cabinet.me": _l("персональные данные"),
    "cabinet.change_password": _l("свой пароль"),
    "cabinet.end_session": _l("свой вход"),
    "cabinet.add_token": _l("новый токен"),
    "cabinet.withdraw_token": _l("отзыв токена"),
    "cabinet.second": _l("вход в два шага"),
    "cabinet.drop_second": _l("выключение входа в два шага"),
    "door.register": _l("регистрация"),
    "door.applied": _l("регистрация принята"),
    "door.activate": _l("активация"),
    "door.activated": _l("активация выполнена"),
    "door.again": _l("письмо ещё раз"),
    "door.forgotten": _l("забытый пароль"),
    "door.reminded": _l("письмо о пароле"),
    "door.reset": _l("новый пароль"),
    "cabinet.family": _l("близкие"),
    "cabinet.end_family": _l("конец доступа близкого"),
    "cabinet.take_invitation_back": _l("отзыв приглашения"),
    "cabinet.change_phone": _l("свой телефон"),
    "cabinet.change_mail": _l("своя почта"),
    "cabinet.stop_mail": _l("остановка смены почты"),
    "cabinet.left": _l("учётная запись закрыта"),
    "door.mail": _l("подтверждение почты"),
    "door.join": _l("приглашение"),
    "console.open_cabinet": _l("кабинет потребителя"),
    "console.leave_cabinet": _l("выход из кабинета потребителя"),
    "console.staff": _l("сотрудники"),
    "console.new_member": _l("новый сотрудник"),
    "console.member": _l("сотрудник"),
    "console.actions": _l("журнал действий"),
    "console.actions_file": _l("журнал действий файлом"),
    "console.mail": _l("почта"),
    "console.applications": _l("заявки"),
    "console.approve_sure": _l("открыть доступ по заявкам"),
    "console.application": _l("заявка"),
    "console.people": _l("потребители"),
    "console.one_person": _l("потребитель"),
    "console.texts": _l("тексты регистрации"),
    "console.news": _l("новости"),
    "console.new_item": _l("новая новость"),
    "console.news_item": _l("новость"),
    "console.points": _l("точки учёта"),
    "console.edges": _l("концентраторы"),
    "console.audit": _l("путь показаний"),
    "console.network": _l("дерево сети"),
    "console.search": _l("поиск"),
    "console.point": _l("точка учёта"),
    "console.new_point": _l("новая точка учёта"),
    "console.mount": _l("установка счётчика"),
    "console.replacement": _l("замена счётчика"),
    "console.ratio": _l("смена коэффициента"),
    "console.dismount": _l("снятие счётчика"),
    "console.manual_reading": _l("показание вручную"),
    "console.correct_mounting": _l("исправление установки"),
    "console.remove_mounting": _l("удаление установки"),
    "console.correct_point": _l("исправление точки"),
    "console.terms": _l("тариф точки"),
    "console.hand_over": _l("передача по договору"),
    "console.meter": _l("счётчик"),
    "console.verify_meter": _l("поверка счётчика"),
    "console.verify_transformer": _l("поверка трансформатора"),
    "console.correct_meter": _l("исправление счётчика"),
    "console.contract": _l("договор"),
    "console.correct_contract": _l("исправление договора"),
    "console.organisation": _l("организация"),
    "console.correct_organisation": _l("исправление организации"),
    "console.node": _l("узел сети"),
    "console.new_node": _l("новый узел сети"),
    "console.rename_node": _l("переименование узла"),
    "console.schemes": _l("тарифы"),
    "console.scheme": _l("тариф"),
    "console.price": _l("цена"),
    "console.monthly_line": _l("ежемесячная плата"),
    "console.edge": _l("концентратор"),
    "console.new_edge": _l("новый концентратор"),
    "console.correct_edge": _l("исправление концентратора"),
    "console.new_line": _l("новая линия концентратора"),
    "console.entitle": _l("закрепление счётчика"),
    "console.release": _l("открепление счётчика"),
    "console.changes": _l("изменения реестра"),
    "console.change": _l("изменение реестра"),
    "console.undo_change": _l("отмена изменения"),
    "console.foreign": _l("неизвестные счётчики"),
    "console.adopt": _l("приём счётчика"),
    "console.imports": _l("импорт"),
    "console.import_template": _l("образец книги"),
    "console.export": _l("выгрузка реестра"),
    "console.workbook": _l("книга импорта"),
    "console.answer_workbook": _l("решение о книге"),
    "console.exceptions": _l("исключения"),
    "console.exception_list": _l("список исключений"),
    "console.exception": _l("исключение"),
    "console.undo_decision": _l("отмена решения"),
    "console.checks": _l("проверки"),
    "console.check_limits": _l("пределы проверки"),
    "console.all_months": _l("месяцы"),
    "console.month": _l("месяц"),
    "console.run_month": _l("закрытие месяца"),
    "console.corrections": _l("корректировки"),
    "console.corrections_file": _l("корректировки файлом"),
    "console.point_month": _l("месяц точки"),
    "console.close_point": _l("закрытие месяца точки"),
    "console.open_month": _l("открытие месяца"),
    "console.document": _l("документ"),
    "console.new_document": _l("новый документ"),
    "console.remove_document": _l("удаление документа"),
}
GUESTS = frozenset({"login refused", "applied"})  # without an author: somebody who was not logged in
SERVER = ("worker: ", "audit: ", "change ")  # so begins the detail of what no person did at this moment
NOBODY: Mapping[str, LazyString] = {
    "guest": _l("без входа"),
    "server": _l("сервер"),
    "command line": _l("командная строка"),
}
ANSWERS: Mapping[str, LazyString] = {  # to a page or a form, by the code of the answer
    "200": _l("показано"),
    "302": _l("переход"),
    "303": _l("принято"),
    "400": _l("форма устарела или испорчена"),
    "403": _l("отказано: нет права"),
    "404": _l("такого нет"),
    "405": _l("так не бывает"),
    "413": _l("слишком велико"),
    "422": _l("не принято"),
    "500": _l("ошибка программы"),
    "503": _l("недоступно"),
}


def said(action: str) -> str:
    """«Вход», «Страница: точка учёта», «Отправлено: тариф точки»."""
    if action.startswith(PAGE):
        return str(_l("Страница: %(what)s", what=_page(action.removeprefix(PAGE))))
    if action.startswith(SENT):
        return str(_l("Отправлено: %(what)s", what=_page(action.removeprefix(SENT))))
    return str(DEEDS.get(action, action))


def who(action: str, name: str | None, detail: str) -> str:
    """The name of the author, or what stands in its place."""
    if name is not None:
        return name
    return str(NOBODY["guest" if action in GUESTS else "server" if detail.startswith(SERVER) else "command line"])


def answer(action: str, detail: str) -> str:
    """What came of a page or a form, in words; "" where there is nothing to say beside the detail."""
    return str(ANSWERS.get(detail[:3], "")) if action.startswith((PAGE, SENT)) else ""


def grouped(actions: Sequence[str]) -> list[tuple[LazyString, list[tuple[str, str]]]]:
    """For a choice: deeds, pages, forms, each in the order of their words."""
    groups: tuple[tuple[LazyString, list[str]], ...] = (
        (_l("Действия"), [one for one in actions if not one.startswith((PAGE, SENT))]),
        (_l("Отправленные формы"), [one for one in actions if one.startswith(SENT)]),
        (_l("Страницы"), [one for one in actions if one.startswith(PAGE)]),
    )
    return [(name, sorted(((one, said(one)) for one in of), key=lambda pair: pair[1])) for name, of in groups if of]


def _page(endpoint: str) -> str:
    return str(PAGES.get(endpoint, endpoint))
