//! Words the records are made of: names, diagnoses, drugs.

pub(crate) const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林",
    "何", "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹",
    "袁", "邓", "许", "傅", "沈", "曾", "彭", "吕", "苏", "卢", "蒋", "蔡", "贾", "丁", "魏", "薛",
    "叶", "阎", "余", "潘", "杜", "戴", "夏", "钟", "汪", "田", "任", "姜", "欧阳", "司马", "上官",
    "诸葛",
];

pub(crate) const GIVEN_FEMALE: &[&str] = &[
    "芳", "娜", "秀英", "敏", "静", "丽", "艳", "秀兰", "霞", "桂英", "雨桐", "梓涵", "欣怡",
    "诗涵", "思琪", "佳怡", "雅静", "玉兰", "淑珍", "婷婷", "晓燕", "海燕", "紫萱", "可馨", "若曦",
    "丽娟",
];

pub(crate) const GIVEN_MALE: &[&str] = &[
    "伟", "强", "磊", "军", "勇", "杰", "涛", "明", "超", "建国", "浩然", "子轩", "宇航", "浩宇",
    "志强", "建华", "国强", "俊杰", "文博", "一鸣", "思远", "家豪", "天佑", "立新", "永康", "德胜",
];

/// Names whose characters many systems lose. All stand in GBK.
pub(crate) const GIVEN_RARE: &[&str] = &[
    "喆", "堃", "珺", "翀", "犇", "淼", "赟", "昇", "旻", "骉", "煊", "頔",
];

/// Characters outside GBK: two bytes more in GB18030, and three of them outside the basic plane.
pub(crate) const GIVEN_VERY_RARE: &[&str] = &["㛃", "䶮", "𬭎", "𬀩", "𬍛"];

/// Long names with the middle dot of the Chinese standard.
pub(crate) const MINORITY_NAMES: &[(&str, char)] = &[
    ("阿依古丽·买买提", '2'),
    ("古丽娜尔·阿不都热依木", '2'),
    ("艾力·吐尔逊", '1'),
    ("巴特尔·苏和", '1'),
];

/// Influenza: at least one stands in every record (FLU-013).
pub(crate) const INFLUENZA: &[(&str, &str)] = &[
    ("J10.101", "流行性感冒伴有呼吸道表现"),
    (
        "J10.100",
        "流行性感冒伴其他呼吸道表现，季节性流感病毒被标明",
    ),
    ("J11.101", "流行性感冒"),
    ("J11.100", "流行性感冒伴其他呼吸道表现，病毒未标明"),
    ("J10.000", "流行性感冒伴肺炎，季节性流感病毒被标明"),
    ("J11.000", "流行性感冒伴肺炎，病毒未标明"),
    ("J10.800", "流行性感冒伴其他表现，季节性流感病毒被标明"),
    ("J09.x00", "被标明的动物流感病毒引起的流行性感冒"),
];

pub(crate) const ACCOMPANYING: &[(&str, &str)] = &[
    ("J18.901", "肺炎"),
    ("J20.904", "急性支气管炎"),
    ("J06.903", "急性上呼吸道感染"),
    ("J03.900", "急性扁桃体炎"),
    ("J02.900", "急性咽炎"),
    ("J45.900", "支气管哮喘"),
    ("J44.100", "慢性阻塞性肺疾病急性加重"),
    ("R50.900", "发热"),
    ("I10.x00x002", "高血压病"),
    ("E11.900", "2型糖尿病"),
    ("I25.103", "冠状动脉粥样硬化性心脏病"),
    ("E87.600", "低钾血症"),
    ("D64.900", "贫血"),
    ("K29.500", "慢性胃炎"),
    ("N18.900", "慢性肾脏病"),
    ("I50.900", "心力衰竭"),
];

/// What the dying have (all of them, in this order).
pub(crate) const SEVERE: &[(&str, &str)] = &[("J96.900", "呼吸衰竭"), ("A41.900", "脓毒症")];

/// Departments (RC023) for grown-ups and for children.
pub(crate) const DEPARTMENTS: &[(&str, &str)] = &[
    ("0301", "呼吸内科"),
    ("03", "内科"),
    ("02", "全科医疗科"),
    ("1602", "呼吸道传染病科"),
    ("0310", "老年病科"),
    ("5001", "中医内科"),
];
pub(crate) const CHILD_DEPARTMENTS: &[(&str, &str)] = &[
    ("07", "儿科"),
    ("0704", "小儿呼吸科"),
    ("0702", "小儿传染病科"),
];
pub(crate) const EMERGENCY_DEPARTMENT: (&str, &str) = ("20", "急诊医学科");
pub(crate) const INTENSIVE_CARE: (&str, &str) = ("28", "重症医学科");

pub(crate) const SYMPTOMS: &[&str] = &[
    "发热伴咳嗽",
    "发热、咽痛",
    "发热伴全身肌肉酸痛",
    "高热伴头痛、乏力",
    "咳嗽、咳痰伴发热",
    "发热伴流涕、鼻塞",
    "畏寒、发热伴干咳",
    "发热伴恶心、呕吐",
];

/// A drug as it is usually ordered.
pub(crate) struct Drug {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// Single dose in hundredths of the unit.
    pub(crate) single: u64,
    pub(crate) times_a_day: u64,
    pub(crate) days: u64,
}

pub(crate) const ANTIVIRALS: &[Drug] = &[
    drug("磷酸奥司他韦胶囊", "mg", 7500, 2, 5),
    drug("磷酸奥司他韦颗粒", "mg", 4500, 2, 5),
    drug("帕拉米韦氯化钠注射液", "mg", 30000, 1, 3),
    drug("扎那米韦吸入粉雾剂", "mg", 1000, 2, 5),
    drug("盐酸阿比多尔片", "mg", 20000, 3, 5),
];

pub(crate) const OTHER_DRUGS: &[Drug] = &[
    drug("连花清瘟胶囊", "粒", 400, 3, 5),
    drug("金花清感颗粒", "g", 500, 3, 3),
    drug("布洛芬混悬液", "ml", 500, 3, 2),
    drug("对乙酰氨基酚片", "g", 50, 3, 2),
    drug("氨溴索口服溶液", "ml", 1000, 2, 5),
    drug("复方甘草片", "片", 300, 3, 3),
    drug("注射用头孢曲松钠", "g", 200, 1, 5),
    drug("0.9%氯化钠注射液", "ml", 25000, 1, 3),
    drug("左氧氟沙星片", "g", 50, 1, 5),
    drug("维生素C注射液", "g", 125, 1, 3),
];

const fn drug(
    name: &'static str,
    unit: &'static str,
    single: u64,
    times_a_day: u64,
    days: u64,
) -> Drug {
    Drug {
        name,
        unit,
        single,
        times_a_day,
        days,
    }
}

/// Code, name and category of procedures. The first is the operation that the discharge records have.
pub(crate) const PROCEDURES: &[(&str, &str, &str)] = &[
    ("31.1x00", "暂时性气管切开术", "手术"),
    ("96.0400", "气管插管术", "治疗性操作"),
    ("96.7100", "呼吸机治疗（小于96小时）", "治疗性操作"),
    ("33.2400", "支气管镜检查", "诊断性操作"),
];

pub(crate) const MORPHOLOGY: &[(&str, &str)] =
    &[("M81400/3", "腺癌NOS"), ("M80700/3", "鳞状细胞癌NOS")];
