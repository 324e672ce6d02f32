import { words } from '../../core/i18n.js';

/** Names of the profile's fields, as the form and the review show them. */
export const fieldNames = words({
  institution_name: ['医疗机构名称', 'Name of the institution'],
  institution_code: ['医疗机构代码', 'Institution code'],
  opening_date: ['开业日期', 'Opened in'],
  division: ['医疗机构地址（省、市、区县）', 'Province, city, county'],
  street: ['详细地址', 'Street and number'],
  legal_representative: ['法定代表人', 'Legal representative'],
  grade: ['医院等级', 'Level and grade'],
  departments: ['诊疗科目', 'Departments'],
  'manager.name': ['数据管理员姓名', 'Name'],
  'manager.id_number': ['身份证号', 'Identity number'],
  'manager.phone': ['手机号码', 'Mobile phone'],
  'manager.email': ['邮箱', 'E-mail'],
  'manager.office_phone': ['办公电话', 'Office phone'],
  'manager.department': ['所在科室', 'Department'],
});

/** 医院等级 of institutions that report. */
export const GRADES = ['三级特等', '三级甲等', '三级乙等', '三级丙等', '三级未定等', '二级甲等', '二级乙等', '二级丙等', '二级未定等'];

/** The three stamped documents. */
export const scanNames = words({
  information_form: ['《医疗机构信息收集表》盖章扫描件', 'Stamped information form'],
  consent: ['《系统使用须知及同意书》盖章扫描件', 'Stamped consent'],
  licence: ['《医疗机构执业许可证》盖章扫描件', 'Stamped practising licence'],
});
