// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// X(English, Simplified Chinese), "{}" for what is put in there, in the same order in both. The
// first that fits is taken. From app/evidence, app/review/prove.c and app/rows/source.c.
#pragma once

// clang-format off
#define SENTENCE_LIST(X)                                                                           \
	/* integrity */                                                                            \
	X("all {} records in the {} blocks of the checkpoint are as written", "检查点的 {} 条记录、{} 个区块均与写入时一致") \
	X("all {} records in {} blocks fit their entries, but there is no checkpoint that vouches for them", \
		"{} 条记录、{} 个区块均与其条目一致，但没有为其作证的检查点") \
	X("{} newer blocks are not signed yet", "另有 {} 个更新的区块尚未签名") \
	X("{} newer blocks are not signed, and nobody writes this log any more: whoever can write to the directory " \
		"could have made them", "另有 {} 个更新的区块未签名，且已无人写入此日志：任何能写入该目录者都可能制作这些区块") \
	X("{} newer blocks are not signed, and reach further past the checkpoint than a gateway lets them: whoever can " \
		"write to the directory could have made them", \
		"另有 {} 个更新的区块未签名，且超出检查点的时间比网关所允许的更久：任何能写入该目录者都可能制作这些区块") \
	X("{} closed segments have no index, as a full disk leaves them", "{} 个已关闭的段文件没有索引，如磁盘写满所致") \
	X("entries do not tell of all blocks of closed segments", "条目未涵盖已关闭段文件的所有区块") \
	X("the history of checkpoints ends in a part of one, as a crash leaves it", \
		"检查点历史以不完整的一条结尾，如崩溃所致") \
	X("the segment's index, which searches go by, tells another thing of it", "检索所依据的段文件索引与该区块不符") \
	X("{} holds no block", "{} 不含任何区块") \
	X("{} is not the capture that its record is of", "{} 不是其记录所指的捕获文件") \
	X("a record of other times than its entry's stands in it", "其中有时间与条目不符的记录") \
	X("it was changed", "区块被更改") \
	X("it is not there, but the segment's index tells of it", "该区块不在，但段文件的索引提到它") \
	X("it is not there, nor are those up to block {}, where {} begins: the entry of block {}, the last of the checkpoint, " \
		"states that the log keeps them", \
		"该区块及直至区块 {} 的区块不在（{} 自其后开始）：检查点的最后条目（区块 {}）声明日志保留它们") \
	X("it is not there, nor are those up to block {}, where {} begins, and no checkpoint covers an entry that states that " \
		"retention removed them", \
		"该区块及直至区块 {} 的区块不在（{} 自其后开始），且没有检查点涵盖声明按保留期限清理的条目") \
	X("{} evidence captures are not there: taken away or pruned, which nobody can tell", \
		"{} 个证据捕获文件不在：被取走或已清理，无法分辨") \
	X("not examined past block {}", "区块 {} 之后未检查")                                         \
	X("not examined", "未检查")                                                                  \
	X("there is no flow log", "没有流日志")                                                      \
	X("out of memory", "内存不足")                                                               \
	X("its entry is not in the form of an entry", "其条目不符合条目的格式")                        \
	X("its entry is wrong: {}", "其条目有误：{}")                                                 \
	X("its number does not follow", "其编号不连续")                                                \
	X("it is of another gateway", "其属于另一网关")                                                \
	X("it does not state what is kept, and the one before does", "其未声明保留什么，而前一条有声明") \
	X("it keeps blocks that were given up before", "其保留此前已放弃的区块") \
	X("it keeps blocks from one on that comes later", "其所保留的区块始于更晚的区块") \
	X("its sequence numbers do not follow", "其序号不连续")                                        \
	X("its times run backwards", "其时间倒退")                                                     \
	X("the entry after it is chained to another", "其后的条目链接到另一个条目")                     \
	X("neither it nor its entry is there", "区块及其条目均不存在")                                 \
	X("block {} stands where it should", "该处是区块 {}")                                         \
	X("its entry in the segment is another", "段文件中的条目与之不同")                              \
	X("its records cannot be unpacked", "其记录无法解压")                                          \
	X("the segment ends inside it", "段文件在该区块中间结束")                                       \
	X("its bytes are damaged or changed", "其字节已损坏或被更改")                                   \
	X("it is missing: the log was cut", "区块缺失：日志被截断")                                    \
	X("its records are not those that its entry is of", "其记录不是条目所对应的记录")               \
	X("the checkpoint is of another log ({})", "检查点属于另一个日志（{}）")                        \
	X("the checkpoint is not one", "检查点文件不是检查点")                                          \
	X("the checkpoint is of {} blocks, the log has {}: it was cut, or rolled back",               \
		"检查点涵盖 {} 个区块，日志仅有 {} 个：日志被截断或被回退")                               \
	X("a checkpoint of the history is of {} blocks, the log has {}: it was cut, or rolled back",  \
		"历史检查点涵盖 {} 个区块，日志仅有 {} 个：日志被截断或被回退")                            \
	X("a checkpoint that was kept elsewhere is of {} blocks, the log has {}: it was cut, or rolled back", \
		"另行保存的检查点涵盖 {} 个区块，日志仅有 {} 个：日志被截断或被回退")                       \
	X("the checkpoint of {} blocks has another root: blocks were changed at or after this one",   \
		"涵盖 {} 个区块的检查点的根不同：该区块或其后的区块被更改")                                \
	X("a checkpoint of the history of {} blocks has another root: blocks were changed at or after this one", \
		"涵盖 {} 个区块的历史检查点的根不同：该区块或其后的区块被更改")                             \
	X("a checkpoint that was kept elsewhere of {} blocks has another root: blocks were changed at or after this one", \
		"另行保存的涵盖 {} 个区块的检查点的根不同：该区块或其后的区块被更改")                       \
	X("the checkpoint is older than the history's newest: it was rolled back",                     \
		"检查点比历史中最新的检查点旧：检查点被回退")                                            \
	X("the history of checkpoints is damaged behind the one of {} blocks",                          \
		"检查点历史在涵盖 {} 个区块的检查点之后已损坏")                                          \
	X("the history of checkpoints goes back from {} to {} blocks", "检查点历史从 {} 个区块退回到 {} 个区块") \
	X("a checkpoint of {} blocks in the history has a false signature",                              \
		"历史中涵盖 {} 个区块的检查点签名不实")                                                  \
	/* signer */                                                                               \
	X("nobody: the checkpoint is not signed, so whoever can write to the directory could have made this log", \
		"无人：检查点未签名，任何能写入该目录者都可能制作此日志")                                  \
	X("nobody: there is no checkpoint", "无人：没有检查点")                                         \
	X("nobody: the checkpoint cannot be read", "无人：无法读取检查点")                               \
	X("the checkpoint says {}; not confirmed, for no public key was given",                          \
		"检查点自称由 {} 签名；未提供公钥，无法确认")                                             \
	X("{} signed the checkpoint of {} blocks; the key that was given handed over to it",            \
		"{} 签名了涵盖 {} 个区块的检查点；所给密钥已移交给该密钥")                                  \
	X("{} signed the checkpoint of {} blocks", "{} 签名了涵盖 {} 个区块的检查点")                    \
	X("the checkpoint's signature in the name of {} is false", "以 {} 名义对检查点的签名不实")         \
	X("not the key that was given ({}) but: {}", "不是所给的密钥（{}），而是：{}")                    \
	/* anchor */                                                                               \
	X("{}: cannot be read as a checkpoint", "{}：无法作为检查点读取")                                \
	X("{}: the witness's signature is false", "{}：见证方的签名不实")                                \
	X("{}: a checkpoint of another log ({})", "{}：属于另一个日志的检查点（{}）")                     \
	X("a checkpoint of {} blocks is here, but only {} blocks were examined",                          \
		"此处有涵盖 {} 个区块的检查点，但仅检查了 {} 个区块")                                       \
	X("the first {} blocks are those that the witness cosigned; {} are newer",                        \
		"前 {} 个区块与见证方共同签名的一致；另有 {} 个更新的区块")                                   \
	X("the first {} blocks are those that the kept checkpoint is of; {} are newer",                   \
		"前 {} 个区块与所保存的检查点一致；另有 {} 个更新的区块")                                     \
	X("no checkpoint that the witness {} cosigned is here", "此处没有见证方 {} 共同签名的检查点")      \
	X("none was asked for: without a witness, whoever holds the signing key could have rewritten everything", \
		"未要求：没有见证方，持有签名密钥者可能重写全部内容")                                          \
	/* completeness */                                                                         \
	X("of {} records attempted {} were lost, which {} gap records tell; the ports missed {} packets",  \
		"应写 {} 条记录，丢失 {} 条，由 {} 条缺口记录说明；端口漏收 {} 个数据包")                       \
	X("attempted - lost is not what is present", "应写减去丢失不等于现存")                             \
	X("a gap record does not say how many are lost", "某缺口记录未说明丢失数量")                        \
	X("records are missing that no gap record tells of", "有缺失的记录未由任何缺口记录说明")             \
	X("a gap record does not add up", "某缺口记录数目不符")                                           \
	X("a gap record tells of records that are not missing", "某缺口记录所说的记录并未缺失")              \
	X("a gap record tells of others than those that are missing", "某缺口记录所说的并非缺失的记录")      \
	X("a line has no sequence number", "有一行没有序号")                                               \
	X("sequence numbers go back", "序号倒退")                                                         \
	X("a record of another gateway stands in it", "其中有另一网关的记录")                                \
	X("its last sequence number is not its entry's", "其最后序号与条目不符")                             \
	/* redaction */                                                                            \
	X("the first {} blocks, up to {}, are not there, only their entries: removed by retention, stated in block {} at {}", \
		"前 {} 个区块（直至 {}）不在，仅余其条目：已按保留期限清理，由区块 {} 于 {} 声明")                \
	X("the first {} blocks, up to {}, are not there, only their entries: they were not when block {} was written at {}; " \
		"those before it are of a format that does not say what retention removed", \
		"前 {} 个区块（直至 {}）不在，仅余其条目：区块 {} 于 {} 写入时它们已不在；此前条目的格式不说明保留期限清理了什么") \
	X("the first {} blocks, up to {}, are not there, only their entries: the log is of a format that does not say what " \
		"retention removed, so that they may have been removed by hand", \
		"前 {} 个区块（直至 {}）不在，仅余其条目：此日志的格式不说明保留期限清理了什么，因此也可能是被人为移除") \
	X("the first {} blocks, up to {}, are not there, only their entries: from block {} on nothing states that retention " \
		"removed them", \
		"前 {} 个区块（直至 {}）不在，仅余其条目：自区块 {} 起，没有任何声明表明是按保留期限清理")          \
	X("the first {} blocks, up to {}, are not there, only their entries: whether retention removed them was not examined", \
		"前 {} 个区块（直至 {}）不在，仅余其条目：未检查是否按保留期限清理")                              \
	X("none: nothing was taken out since the log began", "无：自日志开始以来没有移除任何内容")             \
	/* proofs */                                                                               \
	X("the log has no checkpoint yet", "日志尚无检查点")                                               \
	X("the checkpoint cannot be read", "无法读取检查点")                                               \
	X("the entries are not as many as the checkpoint is of; see bhlog verify",                          \
		"条目数少于检查点所涵盖的数目；见 bhlog verify")                                              \
	X("no checkpoint covers a block with this record yet", "尚无检查点涵盖含有该记录的区块")              \
	X("the directory cannot be listed", "无法列出目录")                                                 \
	X("its block was removed by retention, as the log states: the entry is there, the records are not", \
		"其区块已按保留期限清理，日志有声明：条目仍在，记录不在") \
	X("its block was removed by retention, or by hand: the entry is there, the records are not", \
		"其区块已按保留期限清理，或被人为移除：条目仍在，记录不在") \
	X("the log went on, and its block was removed meanwhile; ask again", "日志已继续写入，其区块在此期间被清理；请重试") \
	X("its block is not there, and the log does not state that retention removed it; see bhlog verify", \
		"其区块不在，且日志未声明是按保留期限清理；见 bhlog verify") \
	X("no number", "没有序号")                                                                         \
	/* reading */                                                                              \
	X("{}: damaged or changed at byte {}; \"bhlog verify\" on its directory tells more",                \
		"{}：在第 {} 字节处损坏或被更改；对其目录运行“bhlog verify”可知详情")                             \
	X("{}: holds no flow log (no files named flow-*{}); name the log's directory, or the files themselves", \
		"{}：没有流日志（没有名为 flow-*{} 的文件）；请指定日志目录或文件")                               \
	X("{}: line {} is too long to be a record", "{}：第 {} 行过长，不是记录")                             \
	X("{}: a record of another gateway than those before; make a report of each",                        \
		"{}：属于另一网关的记录；请分别生成报告")
// clang-format on
