"""Units, currencies and measure words, English and Chinese."""

# Unit -> (dimension, factor to the dimension's base).
UNITS: dict[str, tuple[str, str]] = {
    "mm": ("length", "1"), "毫米": ("length", "1"),
    "cm": ("length", "10"), "厘米": ("length", "10"), "公分": ("length", "10"),
    "m": ("length", "1000"), "米": ("length", "1000"), "metre": ("length", "1000"),
    "metres": ("length", "1000"), "meter": ("length", "1000"), "meters": ("length", "1000"),
    "in": ("length", "25.4"), "inch": ("length", "25.4"), "inches": ("length", "25.4"),
    "英寸": ("length", "25.4"), "ft": ("length", "304.8"), "feet": ("length", "304.8"),
    "km": ("length", "1000000"), "公里": ("length", "1000000"),
    "mg": ("mass", "0.001"), "g": ("mass", "1"), "克": ("mass", "1"), "gram": ("mass", "1"),
    "grams": ("mass", "1"), "kg": ("mass", "1000"), "公斤": ("mass", "1000"),
    "千克": ("mass", "1000"), "斤": ("mass", "500"), "oz": ("mass", "28.349523125"),
    "lb": ("mass", "453.59237"), "lbs": ("mass", "453.59237"),
    "ml": ("volume", "1"), "毫升": ("volume", "1"), "cl": ("volume", "10"),
    "l": ("volume", "1000"), "升": ("volume", "1000"), "litre": ("volume", "1000"),
    "litres": ("volume", "1000"), "liter": ("volume", "1000"), "liters": ("volume", "1000"),
    "second": ("seconds", "1"), "seconds": ("seconds", "1"), "秒": ("seconds", "1"),
    "min": ("seconds", "60"), "minute": ("seconds", "60"), "minutes": ("seconds", "60"),
    "分钟": ("seconds", "60"), "h": ("seconds", "3600"), "hour": ("seconds", "3600"),
    "hours": ("seconds", "3600"), "小时": ("seconds", "3600"),
    "day": ("days", "1"), "days": ("days", "1"), "天": ("days", "1"), "日": ("days", "1"),
    "week": ("days", "7"), "weeks": ("days", "7"), "周": ("days", "7"),
    "month": ("months", "1"), "months": ("months", "1"), "个月": ("months", "1"),
    "year": ("months", "12"), "years": ("months", "12"), "年": ("months", "12"),
    "w": ("watt", "1"), "v": ("volt", "1"), "mah": ("mah", "1"), "gb": ("gigabyte", "1"),
    "kilo": ("mass", "1000"), "kilos": ("mass", "1000"), "kilogram": ("mass", "1000"),
    "kilograms": ("mass", "1000"), "grammes": ("mass", "1"), "milligrams": ("mass", "0.001"),
    "pint": ("volume", "568.26125"), "pints": ("volume", "568.26125"),
    "millilitres": ("volume", "1"), "milliliters": ("volume", "1"),
    "centimetre": ("length", "10"), "centimetres": ("length", "10"),
    "centimeter": ("length", "10"), "centimeters": ("length", "10"),
    "millimetres": ("length", "1"), "millimeters": ("length", "1"), "foot": ("length", "304.8"),
    "kilometres": ("length", "1000000"), "kilometers": ("length", "1000000"),
    "英尺": ("length", "304.8"), "寸": ("length", "25.4"), "吋": ("length", "25.4"),
    "毫克": ("mass", "0.001"), "吨": ("mass", "1000000"), "ounces": ("mass", "28.349523125"),
    "ounce": ("mass", "28.349523125"), "盎司": ("mass", "28.349523125"),
    "sec": ("seconds", "1"), "secs": ("seconds", "1"), "mins": ("seconds", "60"),
    "hr": ("seconds", "3600"), "hrs": ("seconds", "3600"), "钟头": ("seconds", "3600"),
    "星期": ("days", "7"), "礼拜": ("days", "7"), "年半": ("months", "18"), "月": ("month", "1"),
    "watt": ("watt", "1"), "watts": ("watt", "1"), "瓦": ("watt", "1"), "volts": ("volt", "1"),
    "伏": ("volt", "1"), "毫安": ("mah", "1"), "毫安时": ("mah", "1"), "tb": ("gigabyte", "1000"),
    "℃": ("celsius", "1"), "°c": ("celsius", "1"), "摄氏度": ("celsius", "1"),
    "度": ("celsius", "1"), "degrees": ("celsius", "1"), "kcal": ("kcal", "1"),
    "calories": ("kcal", "1"), "大卡": ("kcal", "1"), "卡路里": ("kcal", "1"),
    "megapixels": ("megapixel", "1"), "mp": ("megapixel", "1"), "万像素": ("megapixel", "0.01"),
    "倍": ("times", "1"), "times": ("times", "1"), "折": ("zhe", "1"),
}  # fmt: skip
CURRENCIES: dict[str, frozenset[str]] = {
    "£": frozenset({"GBP"}), "€": frozenset({"EUR"}), "¥": frozenset({"CNY", "JPY"}),
    "￥": frozenset({"CNY", "JPY"}), "us$": frozenset({"USD"}),
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"}),
    "元": frozenset({"CNY"}), "块": frozenset({"CNY"}), "人民币": frozenset({"CNY"}),
    "rmb": frozenset({"CNY"}), "美元": frozenset({"USD"}), "欧元": frozenset({"EUR"}),
    "英镑": frozenset({"GBP"}), "日元": frozenset({"JPY"}),
    "pound": frozenset({"GBP"}), "pounds": frozenset({"GBP"}), "quid": frozenset({"GBP"}),
    "euro": frozenset({"EUR"}), "euros": frozenset({"EUR"}), "yuan": frozenset({"CNY"}),
    "yen": frozenset({"JPY"}),
    "dollar": frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD"}),
    "dollars": frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD"}),
} | {
    code.lower(): frozenset({code})
    for code in ("GBP", "EUR", "USD", "CNY", "JPY", "CAD", "AUD", "NZD", "SGD", "HKD", "CHF",
                 "SEK", "NOK", "DKK", "PLN", "INR", "KRW", "KWD", "BRL", "MXN", "ZAR", "TWD")
}  # fmt: skip
MEASURE_WORDS = tuple(
    "个件只片套双条张块支瓶盒包袋位款种次层格枚颗粒本把台杯碗岁代级档圈滴罐听桶箱组对副股核码节项道米"
)
