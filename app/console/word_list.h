// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The texts themselves: X(name, English, Simplified Chinese). See words.h.
#pragma once

// clang-format off
#define WORD_LIST(X)                                                                               \
	X(TITLE, "Report on the flow log of gateway {}", "网关 {} 流日志审查报告")                   \
	X(PRODUCT, "Bridgehead egress gateway", "Bridgehead 出境网关")                             \
	X(CONTENTS, "Contents", "目录")                                                             \
	X(PERIOD, "Period", "报告期间")                                                             \
	X(FROM_TO, "{} to {}", "{} 至 {}")                                                          \
	X(NO_RECORDS_PERIOD, "no record lies in the period", "期间内没有记录")                       \
	X(GATEWAY, "Gateway", "网关")                                                               \
	X(SOURCE, "Log", "日志")                                                                    \
	X(MADE, "Made", "生成时间")                                                                 \
	X(MADE_WITH, "{} with bhlog {}", "{}，由 bhlog {} 生成")                                    \
	X(TIMES, "Times", "时间")                                                                   \
	X(TIMES_ARE, "UTC{}", "UTC{}")                                                              \
	X(RECORDS, "Records", "记录")                                                               \
	X(RECORDS_ARE, "{} in the period, of {} read", "期间内 {} 条，共读取 {} 条")                 \
	X(SUMMARY, "Summary", "概要")                                                               \
	X(BYTES_LEFT, "Bytes that left", "出境方向字节数")                                           \
	X(BYTES_LEFT_OF, "allowed {}, flagged {}, blocked {}", "放行 {}，标记 {}，阻断 {}")          \
	X(FLOWS, "Flows", "流")                                                                     \
	X(FLOWS_FLAGGED, "Flagged flows", "被标记的流")                                              \
	X(FLOWS_BLOCKED, "Blocked flows", "被阻断的流")                                              \
	X(BYTES_STOPPED, "Bytes stopped", "拦截字节数")                                              \
	X(BYTES_BEFORE, "Left before a verdict", "裁决前流出字节数")                                 \
	X(IN_EXACT, "{} {byte|bytes}", "{} 字节")                                                          \
	X(LOG_IS, "The log", "日志")                                                                \
	X(LOG_WHOLE, "whole, signed, and anchored", "完整、已签名并已锚定")                          \
	X(LOG_NOT_ALL, "unconfirmed: not everything is confirmed", "未确认：并非全部得到确认")         \
	X(LOG_BAD, "TAMPERED WITH", "已被篡改")                                                     \
	X(LOG_UNREADABLE, "cannot be verified", "无法验证")                                          \
	X(SEE_INTEGRITY, "see “Integrity”", "见“完整性”")                                            \
	X(STATE_NO_RELIANCE, "Do not rely on what is shown here.", "请勿依赖此处显示的内容。")         \
	X(STATE_OF, "That was at {}; the log has changed since.", "以上为 {} 的检查结果；此后日志已有变化。") \
	X(STATE_RUNNING, "Not checked yet: whether the log is whole is being checked now.",             \
		"尚未检查：正在检查日志是否完整。")                                                    \
	X(STATE_NONE, "Not checked yet whether the log is whole.", "尚未检查日志是否完整。")           \
	X(BY_CATALOGUE, "The figures are the catalogue's, a cache beside the log: no checkpoint signs it, so whoever may write " \
		"it can change them, and no check of the log shows it. The flows that are listed were held against the log. " \
		"“bhlog report”, without --quick, adds up the log's own lines as it verifies them.",   \
		"页面中的数字来自目录索引，即日志旁的缓存：检查点不为其签名，凡能写入它的人都能改动这些数字，对日志的检查无法发现。" \
		"所列各流均已与日志核对。“bhlog report”（不加 --quick）在验证日志的同时直接对日志各行求和。") \
	X(BY_VERIFIED, "The figures are of the log's own lines: each block was added up as it was verified.", \
		"数字来自日志自身的各行：每个区块在通过验证时计入。")                                    \
	X(BY_READ, "The figures are of all lines that could be read: the log as a whole could not be verified.", \
		"数字来自所有能够读取的行：日志整体未能通过验证。")                                      \
	X(LIST_BY_CATALOGUE, "Found by the catalogue, a cache beside the log that no checkpoint signs: what is listed is the " \
		"log's, what is left out shows nowhere. “{}” reads the log itself.",                 \
		"借助目录索引查得，即日志旁的缓存，检查点不为其签名：所列内容均出自日志，但遗漏之处无从发现。“{}”直接读取日志。") \
	X(HOW_COUNTED, "How it is counted: “out” is from the inside of the data centre to its outside, " \
		"whoever opened the flow, in bytes of IP packets. Each byte counts once, at the moment of the " \
		"record that brought it, at most one update interval (60 s) after it passed. Each flow counts " \
		"once, by its last verdict in the period. Bytes count under the verdict that was in force " \
		"when they passed.",                                                                \
		"统计方法：“出”指由数据中心内部流向外部（无论流由哪一端发起），以 IP 数据包字节计。每个字节只统计一次，" \
		"计入带来该字节的记录所在时刻，最多比实际通过时间晚一个更新周期（60 秒）。每条流只统计一次，" \
		"按其在期间内的最后裁决归类。字节按其通过时有效的裁决归类。")                                \
	X(STILL_OPEN, "{} {flow has|flows have} no end in the log: {it was|they were} still running, or {its|their} end was lost.", \
		"{} 条流在日志中没有结束记录：仍在进行，或其结束记录已丢失。")                            \
	X(LOCAL_FLOWS, "In no other figure: {} {flow|flows} between two inside ends, {} {byte|bytes}.",          \
		"两端均在内部的流有 {} 条，共 {} 字节，未计入其他任何数字。")                              \
	X(UNREADABLE, "{} {line is not a record|lines are not records}: the log was damaged or changed. {It is|They are} in no figure.", \
		"{} 行不是记录：日志已损坏或被更改。这些行未计入任何数字。")                               \
	X(UNDERCOUNTED, "{} {counter|counters} at a flow's end {says|say} less than its records before: " \
		"nothing was added for {it|them}.", "有 {} 个流结束计数小于该流先前记录的计数：未为其增加任何数量。")              \
	X(NO_ROOM, "{} {record|records} of flows that were too many at once {was|were} left to the flows' ends.",      \
		"因同时存在的流过多，{} 条记录留待流结束时统计。")                                        \
	X(STOPPED_AT, "The log is damaged: the figures are of the records before that place only. {}",   \
		"日志已损坏：数字仅包含损坏处之前的记录。{}")                                            \
	X(TORN, "A torn end of the log was left out.", "日志末尾有一段不完整的内容，未计入。")             \
	X(TIME, "Volume over time", "流量随时间变化")                                                \
	X(TIME_CAPTION, "One bar is {}. Each chart has its own scale.", "每个柱为 {}。各图纵轴刻度不同。")  \
	X(CHART_ALLOWED, "Allowed: bytes out", "放行：出方向字节")                                    \
	X(CHART_FLAGGED, "Flagged: bytes out", "标记：出方向字节")                                    \
	X(CHART_BLOCKED, "Blocked: bytes stopped", "阻断：拦截字节")                                  \
	X(CHART_PEAK, "highest bar {}", "最高柱 {}")                                                 \
	X(CHART_NONE, "none", "无")                                                                 \
	X(TIME_TABLE, "Volume over time, in numbers", "流量随时间变化：数字")                               \
	X(EMPTY_LEFT_OUT, "Steps without traffic are left out.", "没有流量的时段未列出。")              \
	X(FROM_TIME, "From", "起始时间")                                                             \
	X(SECONDS, "{} s", "{} 秒")                                                                 \
	X(MINUTES, "{} min", "{} 分钟")                                                             \
	X(HOURS, "{} h", "{} 小时")                                                                 \
	X(DAYS, "{} d", "{} 天")                                                                    \
	X(COUNTRIES, "Destinations", "目的国家和地区")                                               \
	X(COUNTRIES_NOTE, "Country of the remote end by the database and the policy's overrides: where an " \
		"address is registered or said to be, not whose it is.",                              \
		"远端的国家或地区取自数据库和策略中的覆盖项：表示地址登记或所称的位置，并不表示其归属。")       \
	X(COUNTRY, "Country", "国家或地区")                                                          \
	X(GROUPS, "By groups of countries", "按国家和地区组")                                         \
	X(GROUP, "Group", "组")                                                                     \
	X(GROUP_AS_OF, "{} as of {}", "{}（截至 {}）")                                                \
	X(GROUPS_NOTE, "Groups are those of the policy files that were named. A country may be in several, so the " \
		"rows do not add up.", "组取自所指定的策略文件。一个国家或地区可属于多个组，因此各行之和不等于总数。") \
	X(TENANTS, "Tenants", "租户")                                                               \
	X(TENANT, "Tenant", "租户")                                                                 \
	X(APPS, "Applications", "应用")                                                             \
	X(APPS_NOTE, "nDPI's names as it gave them, guesses too.", "名称由 nDPI 给出，包括猜测。")       \
	X(APP, "Application", "应用")                                                               \
	X(NOT_NAMED, "not named", "未命名")                                                          \
	X(OUT, "Out", "出")                                                                         \
	X(OUT_ALLOWED, "Out, allowed", "出（放行）")                                                 \
	X(OUT_FLAGGED, "Out, flagged", "出（标记）")                                                 \
	X(OUT_BLOCKED, "Out, blocked", "出（阻断）")                                                 \
	X(IN, "In", "入")                                                                           \
	X(STOPPED, "Stopped", "拦截")                                                               \
	X(BEFORE, "Before verdict", "裁决前")                                                        \
	X(BYTES, "Bytes", "字节")                                                                   \
	X(SHARE, "Share of bytes out", "出方向占比")                                                  \
	X(OTHERS, "others ({})", "其他（{}）")                                                       \
	X(TOTAL, "Total", "合计")                                                                   \
	X(LEGEND_ALLOWED, "allowed", "放行")                                                        \
	X(LEGEND_FLAGGED, "flagged", "标记")                                                        \
	X(LEGEND_BLOCKED, "blocked", "阻断")                                                        \
	X(RULES, "Verdicts by rule", "按规则的裁决")                                                 \
	X(RULES_NOTE, "Every rule that decided, with its reason and legal basis.",                    \
		"所有作出裁决的规则及其理由和法律依据。")                                              \
	X(VERDICT, "Verdict", "裁决")                                                               \
	X(RULE, "Rule", "规则")                                                                     \
	X(NO_RULE_ROW, "no rule", "无规则")                                                         \
	X(NO_VERDICT_ROW, "no verdict", "无裁决")                                                   \
	X(NO_RULE_NOTE, "No rule decided this: the reason says what did.",                           \
		"并非由某条规则裁决：裁决由何而来见理由。")                                            \
	X(NO_VERDICT_NOTE, "A record without a reason has no verdict: none was possible yet, and this is what was done " \
		"meanwhile, or the policy was replaced before there was one.",                       \
		"没有理由的记录尚无裁决：当时还无法裁决，所示为其间的处置；或者策略在裁决之前已被替换。")  \
	X(REASON, "Reason", "理由")                                                                 \
	X(SEVERITY, "Severity", "严重程度")                                                         \
	X(BASIS, "Legal basis", "法律依据")                                                         \
	X(BASIS_NONE, "none given", "未注明")                                                        \
	X(BASIS_NO_POLICY, "The words of a legal basis stand in the policy; bhlog report --policy FILE " \
		"prints them here.", "法律依据的文字在策略文件中；使用 bhlog report --policy FILE 可在此列出。") \
	X(LIMIT, "limit {}", "限额 {}")                                                              \
	X(BLOCKED, "Blocked flows", "被阻断的流")                                                    \
	X(FLAGGED, "Flagged flows", "被标记的流")                                                    \
	X(FLOWS_NOTE, "The {} largest {flow|flows}, by bytes out and stopped. All of them, one record a flow: ",   \
		"按出方向与拦截字节数排列的前 {} 条。全部（每条流一条记录）：")                          \
	X(NO_FLOWS, "There are none in the period.", "期间内没有。")                                  \
	X(WHEN, "When", "时间")                                                                     \
	X(FLOW, "Tenant and ends", "租户及两端")                                                    \
	X(APP_HOST, "Application and host", "应用及主机名")                                          \
	X(RECORD_NO, "Record", "记录号")                                                             \
	X(MORE_FLOWS, "and {} more {flow|flows}", "另有 {} 条流")                                           \
	X(PENDING, "Bytes that left before a verdict", "裁决前流出的字节")                             \
	X(PENDING_NOTE, "Until the application is known some rules cannot be decided. Meanwhile packets pass " \
		"within the policy's limits. What left so is part of the bytes out above.",            \
		"在识别出应用之前，部分规则无法裁决；其间数据包在策略规定的限度内通过。这些字节已包含在上文的出方向字节中。") \
	X(PENDING_SHARE, "Share of the bytes out under that verdict", "占该裁决下出方向字节的比例")                \
	X(POLICY, "Policy changes", "策略变更")                                                      \
	X(POLICY_NOTE, "Every attempt to put a policy into force, refused ones too.",                 \
		"每一次使策略生效的尝试，包括被拒绝的。")                                               \
	X(HOW, "How", "方式")                                                                       \
	X(WHO, "Who", "操作者")                                                                      \
	X(THE_GATEWAY, "the gateway", "网关自身")                                                    \
	X(OUTCOME, "Outcome", "结果")                                                               \
	X(POLICY_ID, "Policy", "策略")                                                              \
	X(VERSION, "Version", "版本")                                                               \
	X(DETAIL, "Detail", "说明")                                                                  \
	X(POLICY_FILE_IS, "Policy file {}", "策略文件 {}")                 \
	X(POLICY_FILE_MATCHES, "whose SHA-256 is that of the policy published as version {}.",        \
		"其 SHA-256 与作为第 {} 版发布的策略一致。")                                            \
	X(POLICY_FILE_FOREIGN, "whose SHA-256 ({}) is that of no policy published in the period.",     \
		"其 SHA-256（{}）与期间内发布的任何策略均不一致。")                                     \
	X(OLDER_LEFT_OUT, "{} older {one is|ones are} not listed.", "另有 {} 条较早的未列出。")                 \
	X(RUNS, "Runs of the gateway", "网关运行情况")                                                \
	X(MODE, "Mode", "方式")                                                                     \
	X(EVENT, "Event", "事件")                                                                   \
	X(GAPS, "Gaps", "缺口")                                                                     \
	X(GAPS_NOTE, "Records that are known to be lost: {}.", "已知丢失的记录：{} 条。")              \
	X(CAUSE, "Cause", "原因")                                                                   \
	X(LOST, "Records lost", "丢失记录数")                                                        \
	X(LOST_UNKNOWN, "not known", "未知")                                                         \
	X(NUMBERS, "Numbers", "序号")                                                               \
	X(INTEGRITY, "Integrity", "完整性")                                                          \
	X(INTEGRITY_NOTE, "Answers of “bhlog verify” over the whole log, not only the period.",       \
		"“bhlog verify”对整个日志（而非仅报告期间）的回答。")                                     \
	X(NOT_A_DIR, "The report was made from lines, not from a log's directory: there is nothing to verify.", \
		"本报告由记录行而非日志目录生成：没有可供验证的内容。")                                  \
	X(QUESTION, "Question", "问题")                                                             \
	X(ANSWER, "Answer", "回答")                                                                 \
	X(MEANING, "In words", "说明")                                                               \
	X(Q_INTEGRITY, "Is every block as it was written?", "每个区块是否与写入时一致？")               \
	X(Q_SIGNER, "Who signed the newest checkpoint?", "最新检查点由谁签名？")                      \
	X(Q_ANCHOR, "Does it agree with what a witness saw?", "是否与见证方所见一致？")                \
	X(Q_COMPLETENESS, "Is every lost record told?", "丢失的记录是否均已说明？")                    \
	X(Q_REDACTION, "What is not there?", "缺少什么？")                                            \
	X(A_WHOLE, "Every block is the one that its entry and the checkpoints say.",                    \
		"每个区块都与其条目及检查点一致。")                                                    \
	X(A_NOT_WHOLE, "Not every block could be confirmed.", "并非每个区块都得到确认。")                 \
	X(A_SIGNED, "The key that was given signed the newest checkpoint.", "最新检查点由所给密钥签名。")   \
	X(A_NOT_SIGNED, "No signature by a key that was given was found good.",                      \
		"没有找到所给密钥的有效签名。")                                                        \
	X(A_ANCHORED, "The log still holds all that was seen from outside.", "日志仍包含外部见证过的全部内容。") \
	X(A_NOT_ANCHORED, "Nobody outside confirms this log: whoever holds the signing key could have rewritten it.", \
		"没有外部方确认此日志：持有签名密钥者有可能将其重写。")                                   \
	X(A_COMPLETE, "Attempted less lost is present; every hole is told.", "应写减去丢失等于现存；每个缺口均有说明。") \
	X(A_NOT_COMPLETE, "It could not be shown that every loss is told.", "无法证明每次丢失均有说明。")  \
	X(A_NOTHING, "Nothing: every block that has an entry is there.", "不缺：有条目的区块都在。")       \
	X(A_PRUNED, "Old blocks are not there, only their entries.", "较早的区块不在，仅余其条目。")       \
	X(A_REMOVED, "Blocks are not there that the log keeps: somebody removed them.",                \
		"日志应保留的区块不在：有人将其移除。")                                                  \
	X(A_TAMPERED, "It was changed after it was written.", "写入之后被更改过。")                      \
	X(LOG_SIZES, "{} {record|records} in {} {block|blocks} and {} {segment|segments}.", "{} 条记录，{} 个区块，{} 个段文件。")    \
	X(CHECKPOINT_COVERS, "The newest checkpoint covers {} {block|blocks} and is of {}.",                  \
		"最新检查点涵盖 {} 个区块，时间为 {}。")                                                \
	X(FIRST_BAD, "First bad block: {}, segment {}", "首个有问题的区块：{}，段文件 {}")             \
	X(CHECKPOINT, "Newest checkpoint", "最新检查点")                                             \
	X(CHECKPOINT_NOTE, "As it stands in the log. Kept with this report it is an anchor: saved to a file, " \
		"“bhlog verify --anchor FILE” holds any later state of the log against it.",          \
		"与日志中的内容一致。随本报告一并保存即成为锚点：存为文件后，可用“bhlog verify --anchor FILE”" \
		"检验日志今后的任何状态。")                                                          \
	X(NO_CHECKPOINT, "The log has no checkpoint.", "日志没有检查点。")                             \
	X(COSIGNED, "Checkpoint that a witness signed", "见证方签名的检查点")                          \
	X(NO_COSIGNED, "No witness's checkpoint lies beside the log.", "日志旁没有见证方签名的检查点。")  \
	X(NAV_OVERVIEW, "Overview", "总览")                                                         \
	X(NAV_SEARCH, "Flows", "流检索")                                                            \
	X(NAV_POLICY, "Policy", "策略")                                                             \
	X(NAV_OTHER_LANG, "中文", "English")                                                         \
	X(SKIP, "To the content", "跳到正文")                                                        \
	X(SINCE, "From", "自")                                                                      \
	X(UNTIL, "Until", "至")                                                                     \
	X(TIME_HINT, "2026-11-24, or ", "2026-11-24 或 ")                                             \
	X(SHOW, "Show", "显示")                                                                     \
	X(FIND, "Find", "查找")                                                                     \
	X(CLEAR, "Clear", "清除")                                                                   \
	X(ANY, "any", "任意")                                                                       \
	X(BRUSH_HINT, "Drag over a chart to choose a period, or go to it by Tab and use the arrow keys; the fields do " \
		"the same.", "在图上拖动可选择时间段，或用 Tab 键移到图上后使用方向键；也可直接填写。")     \
	X(BRUSH_LABEL, "choose a period. Arrow keys move, with Shift they extend, Enter shows it, Escape drops it.", \
		"选择时间段。方向键移动，按住 Shift 扩展，Enter 显示，Escape 取消。")                      \
	X(BRUSH_RANGE, "Chosen: {} to {}. Enter shows it, Escape drops it.",                          \
		"已选择：{} 至 {}。按 Enter 显示，按 Escape 取消。")                                      \
	X(BRUSH_NONE, "nothing chosen", "未选择")                                                    \
	X(WHOLE_LOG, "the whole log", "整个日志")                                                    \
	X(F_TENANT, "Tenant", "租户")                                                               \
	X(F_COUNTRY, "Country (DE, XX)", "国家或地区（DE、XX）")                                       \
	X(F_APP, "Application", "应用")                                                             \
	X(F_HOST, "Host (or *.suffix)", "主机名（或 *.后缀）")                                         \
	X(F_ADDR, "Address or prefix", "地址或前缀")                                                  \
	X(F_ACT, "Verdict", "裁决")                                                                 \
	X(F_RULE, "Rule", "规则")                                                                   \
	X(F_REASON, "Reason code", "理由代码")                                                       \
	X(F_EV, "Event", "事件")                                                                    \
	X(F_MIN_BYTES, "At least bytes", "最少字节")                                                 \
	X(NOTHING_FOUND, "No record matches.", "没有匹配的记录。")                                     \
	X(FOUND_FROM, "Records in the order of the log, {} on this page.", "按日志顺序，本页 {} 条记录。") \
	X(NEXT, "Next page", "下一页")                                                              \
	X(FIRST_PAGE, "First page", "首页")                                                          \
	X(LAST_SEEN, "Last seen", "最后时间")                                                        \
	X(RECORD_TITLE, "Record {}", "记录 {}")                                                     \
	X(NO_SUCH_RECORD, "There is no record with this number in the log.", "日志中没有该序号的记录。")  \
	X(RECEIPT, "Receipt", "凭据")                                                               \
	X(RECEIPT_NOTE, "What stood behind the verdict. The hashes are of the record's block: what was in force " \
		"at its last record.", "裁决的依据。散列值取自记录所在区块：该区块最后一条记录时有效的内容。")  \
	X(POLICY_VERSION, "Policy version", "策略版本")                                              \
	X(POLICY_HASH, "SHA-256 of the policy", "策略的 SHA-256")                                    \
	X(DB_HASH, "SHA-256 of the databases' list", "数据库清单的 SHA-256")                           \
	X(DPI, "Classifier", "分类引擎")                                                             \
	X(CONFIDENCE, "Confidence of the label", "标签置信度")                                        \
	X(DECIDING_PACKET, "Packet that settled the label", "确定标签的数据包")                        \
	X(COUNTRY_FROM, "Country is from", "国家或地区来源")                                          \
	X(GATEWAY_VERSION, "Version of the gateway, as its start record says", "网关版本（据启动记录）") \
	X(DATABASES, "Databases, as its start record says", "数据库（据启动记录）")                      \
	X(BUILT, "built {}", "构建于 {}")                                                            \
	X(NOTE_TIME, "Its “time” is {}.", "其中 time 为 {}。")                                       \
	X(STORY, "The flow's records", "该流的记录")                                                 \
	X(STORY_NOTE, "Up to 100, in the order of the log. An update counts since the update before, a decision so far, " \
		"an end over the whole life.", \
		"最多 100 条，按日志顺序。更新自上一次更新起计，判定为至今累计，结束为整个生命周期。")           \
	X(BLOCK, "Block", "区块")                                                                   \
	X(ALL_FIELDS, "All fields", "全部字段")                                                      \
	X(THE_LINE, "The line as it stands in the log", "日志中的原始行")                             \
	X(PROOF, "Proof", "证明")                                                                   \
	X(PROOF_NOTE, "That this line is in the log that the newest checkpoint is of. The button has your browser " \
		"compute it (SHA-256, RFC 6962); the file is for “bhlog verify --proof”.",             \
		"证明此行在最新检查点所涵盖的日志中。按钮由浏览器自行计算（SHA-256，RFC 6962）；" \
		"文件可用于“bhlog verify --proof”。")                                                   \
	X(VERIFY, "Verify in this browser", "在本浏览器中验证")                                        \
	X(DOWNLOAD, "Save the proof", "保存证明")                                                    \
	X(NOT_PROVEN, "There is no proof: ", "没有证明：")                                      \
	X(JS_LEAF, "The line is leaf {} of the block's tree.", "该行是区块树的第 {} 个叶子。")           \
	X(JS_BLOCK, "The block's root is that of its entry.", "区块根与其条目一致。")                  \
	X(JS_LOG, "The entry is block {} of the log that the checkpoint is of ({} {block|blocks}).",          \
		"该条目是日志的第 {} 个区块，检查点涵盖 {} 个区块。")                                  \
	X(JS_SIGNED, "The checkpoint is signed by {}.", "检查点由 {} 签名。")                          \
	X(JS_UNSIGNED, "The checkpoint has no good signature of {}.", "检查点没有 {} 的有效签名。")        \
	X(JS_NO_ED25519, "In the log that the checkpoint is of. The checkpoint's signature by {} was not checked " \
		"here: this browser has no Ed25519 (some have it only over HTTPS and on localhost). Save the proof; " \
		"“bhlog verify --proof FILE --key VKEY” checks it.",                                    \
		"在检查点所涵盖的日志中。此处未检查 {} 对检查点的签名：本浏览器不支持 Ed25519（部分浏览器仅在 HTTPS 或本机支持）。" \
		"请保存证明，用“bhlog verify --proof FILE --key VKEY”检查。")                            \
	X(JS_GOOD, "In the log that the checkpoint is of. Who signed the checkpoint was not checked here: this console " \
		"was given no key (bhlog serve --key VKEY). “Integrity” tells more.",                   \
		"在检查点所涵盖的日志中。此处未检查检查点由谁签名：此控制台未获得密钥（bhlog serve --key VKEY）。" \
		"另见“完整性”。")                                                                    \
	X(JS_SHOWN, "The receipt and the fields on this page are what the line and its block's entry say.", \
		"本页的凭据和字段与该行及其区块条目一致。")                                              \
	X(JS_DIFFERS, "the page does not show what the line says: {}", "页面显示的内容与该行不一致：{}")  \
	X(JS_GOOD_SIGNED, "In the log, whose checkpoint the gateway signed.", "在网关已签名检查点的日志中。") \
	X(JS_BAD, "NOT PROVEN: {}", "未能证明：{}")                                                  \
	X(JS_NOT_CHECKED, "Could not be checked here: {}. Save the proof; “bhlog verify --proof FILE” checks it.", \
		"此处无法检查：{}。请保存证明，用“bhlog verify --proof FILE”检查。")                      \
	X(BAD_VALUE, "“{}” is nothing for the field “{}”: expected {}", "“{}”不适用于“{}”：应为{}")   \
	X(NUMBER_HINT, "a whole number", "整数")                                                     \
	X(COUNTRY_HINT, "two capital letters, such as DE, or XX", "两个大写字母，如 DE 或 XX")          \
	X(ADDR_HINT, "an address or a prefix, such as 198.51.100.7 or 2001:db8::/32",                 \
		"地址或前缀，如 198.51.100.7 或 2001:db8::/32")                                          \
	X(TEXT_HINT, "1 to 255 characters", "1 至 255 个字符")                                        \
	X(LATER_HINT, "a time behind that of “From”", "晚于“自”的时间")                               \
	X(NO_SUCH_PAGE, "There is no such page", "没有此页面")                                         \
	X(BAD_REQUEST, "This cannot be asked for", "无法按此查询")                                     \
	X(ODD_NAME, "“{}” is not known here, or was given twice. What can be asked for: {}.",       \
		"“{}”不是此处已知的名称，或重复给出。可用名称：{}。")                                    \
	X(TOKEN, "Token", "令牌")                                                                   \
	X(TOKEN_NEEDED, "A token is needed", "需要令牌")                                             \
	X(TOKEN_WRONG, "That is not the token.", "令牌不正确。")                                      \
	X(TOKEN_WHY, "This console shows its log to whoever brings the token: the first line of the file that it was " \
		"started with (bhlog serve --token FILE).",                                          \
		"此控制台仅向持有令牌者显示日志：令牌为启动时所指定文件的第一行（bhlog serve --token FILE）。") \
	X(POLICY_FILES, "Policies at hand", "现有策略文件")                                          \
	X(DIFF, "From {} to {}", "由 {} 到 {}")                                                     \
	X(DIFF_NONE, "The two are the same.", "两者相同。")                                           \
	X(DIFF_BIG, "Too long to be compared here: bhctl policy diff does it.", "过长，无法在此比较：请用 bhctl policy diff。") \
	X(DIFF_HINT, "Differences between policies are shown where bhlog serve --policy FILE names them.", \
		"使用 bhlog serve --policy FILE 指定策略文件后，此处显示其差异。")                          \
	X(LIMITS, "What this report can and cannot say", "本报告能够说明和不能说明的内容")               \
	X(LIMITS_CAN, "It can say: this gateway saw a flow between these addresses at this time, with these " \
		"counts; this nDPI version gave this label with this confidence; this database gave this country; " \
		"this policy version and rule decided.",                                               \
		"能够说明：本网关在该时间观察到这些地址之间的流及其计数；该版本的 nDPI 以该置信度给出该标签；" \
		"该数据库给出该国家或地区；由该版本策略的该规则作出裁决。")                                \
	X(LIMITS_CANNOT, "It cannot say: whose the country really is (CDN, anycast, VPN), what the data was, about " \
		"how many people, or that a server name is true; nor that nothing left another way. That the " \
		"records were true when they were written rests on the gateway alone.",                \
		"不能说明：该国家或地区实际归谁所有（CDN、任播、VPN），数据内容是什么、涉及多少人，服务器名称是否真实；" \
		"也不能说明没有数据经其他途径流出。记录在写入时是否真实，仅取决于网关本身。")                \
	X(LIMITS_PERSONAL, "Addresses are personal data: file this report accordingly.",              \
		"地址属于个人信息：请据此保管本报告。")

// Codes of the log. Reason codes are the policy's own: these are those of the gateway and the usual ones.
#define CODE_LIST(X)                                                                               \
	X("allow", "allowed", "放行")                                                               \
	X("flag", "flagged", "标记")                                                                \
	X("block", "blocked", "阻断")                                                               \
	X("info", "information", "提示")                                                            \
	X("low", "low", "低")                                                                       \
	X("medium", "medium", "中")                                                                 \
	X("high", "high", "高")                                                                     \
	X("critical", "critical", "严重")                                                           \
	X("boot", "at the start", "启动时")                                                          \
	X("reload", "reloaded", "重新加载")                                                          \
	X("watch", "the file changed", "文件变更")                                                   \
	X("push", "pushed", "推送")                                                                 \
	X("rollback", "rolled back", "回退")                                                        \
	X("promote", "candidate promoted", "候选转正")                                               \
	X("withdraw", "candidate given up", "候选撤回")                                              \
	X("expiry", "expired", "到期")                                                              \
	X("published", "in force", "已生效")                                                        \
	X("refused", "refused", "被拒绝")                                                           \
	X("expired", "expired", "已过期")                                                           \
	X("shadow", "candidate, decides nothing", "候选（不作裁决）")                                 \
	X("withdrawn", "withdrawn", "已撤回")                                                       \
	X("ring_full", "record ring full", "记录环已满")                                             \
	X("disk_full", "log disk full", "日志磁盘已满")                                              \
	X("write_error", "write error", "写入错误")                                                  \
	X("too_long", "record too long", "记录过长")                                                 \
	X("crash", "crash", "崩溃")                                                                 \
	X("decision", "decision", "判定")                                                           \
	X("update", "update", "更新")                                                               \
	X("end", "end", "结束")                                                                     \
	X("policy", "policy", "策略")                                                               \
	X("gap", "gap", "缺口")                                                                     \
	X("signal", "by a signal", "收到信号")                                                       \
	X("end of input", "end of input", "输入结束")                                                \
	X("start", "started", "启动")                                                               \
	X("stop", "stopped", "停止")                                                                \
	X("inline", "in the line", "串接")                                                          \
	X("tap", "on copies", "旁路")                                                               \
	X("replay", "from captures", "回放")                                                        \
	X("db", "the database", "数据库")                                                          \
	X("override", "the policy's override", "策略中的覆盖项")                                     \
	X("dpi", "seen in the packets", "由数据包识别")                                              \
	X("cache", "known from other flows", "由其他流得知")                                          \
	X("ip", "guessed from the address", "由地址猜测")                                            \
	X("port", "guessed from the port", "由端口猜测")                                             \
	X("good", "good", "良好")                                                                   \
	X("tampered", "TAMPERED WITH", "已被篡改")                                                   \
	X("unreadable", "unreadable", "无法读取")                                                    \
	X("unconfirmed", "unconfirmed", "未确认")                                                    \
	X("unasked", "not asked", "未询问")                                                         \
	X("pruned", "pruned", "已清理")                                                             \
	X("_default", "no rule matched", "没有规则匹配")                                              \
	X("_unlisted", "not listed", "未列入名单")                                                   \
	X("NO_RULE", "no rule allows it", "没有规则允许")                                             \
	X("DOMESTIC", "does not cross the border", "未出境")                                         \
	X("GENERAL_DATA_LIST", "on the general data list", "属于一般数据清单")                         \
	X("ASSESSED_TRANSFER", "transfer with a security assessment", "已通过安全评估的出境")          \
	X("PARTNER_PRESET", "preset for partner countries", "伙伴国家预设")                            \
	X("TRIAL_PRESET", "preset on trial", "试行预设")                                             \
	X("CORE_DATA_ZONE", "zone of core data: nothing may leave", "核心数据区：不得出境")             \
	X("IMPORTANT_DATA_ZONE", "zone of important data", "重要数据区")                              \
	X("PROHIBITED_APP", "prohibited application", "禁止的应用")                                   \
	X("PROHIBITED_HOST", "prohibited host", "禁止的主机")                                         \
	X("OPAQUE_TUNNEL", "tunnel whose content cannot be seen", "内容不可见的隧道")                  \
	X("BULK_TOOL", "tool for bulk transfers", "批量传输工具")                                     \
	X("COUNTRY_UNKNOWN", "country not known", "国家或地区未知")                                   \
	X("LARGE_UPLOAD", "large upload", "大量上传")                                                \
	X("DECLARED_VOLUME_EXCEEDED", "more than the declared volume", "超过申报数量")                 \
	X("UNLISTED_SOURCE_QUOTA", "quota of sources that are not listed", "未列入名单来源的配额")     \
	X("FLOW_TABLE_FULL", "the gateway's flow table was full", "网关流表已满")                     \
	X("DPI_CONTEXTS_FULL", "the gateway had no room to classify", "网关分类资源已满")              \
	X("MALFORMED_PACKET", "malformed packet", "畸形数据包")                                       \
	X("POLICY_EXPIRED", "the policy had expired", "策略已过期")                                   \
	X("RECORD_RING_FULL", "the gateway's record ring was full", "网关记录环已满")                  \
	X("LOG_DISK_FULL", "the log's disk was full", "日志磁盘已满")                                 \
	X("OVERLOAD", "the gateway had no time for a new flow", "网关过载，无暇处理新流")
// clang-format on
