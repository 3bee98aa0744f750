// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What keys of records without a flow mean: X(key, English, Simplified Chinese).
#pragma once

// clang-format off
#define KEY_LIST(X)                                                                                \
	X("ver", "version", "版本")                                                                 \
	X("mode", "mode", "方式")                                                                   \
	X("dpi", "classifier", "分类引擎")                                                          \
	X("dbs", "databases", "数据库")                                                             \
	X("warn", "warning", "警告")                                                                \
	X("why", "why", "原因")                                                                     \
	X("attempted", "records attempted", "应写记录")                                              \
	X("written", "records written", "已写记录")                                                  \
	X("lost_ring", "lost, ring full", "因记录环满丢失")                                           \
	X("lost_disk", "lost, disk full", "因磁盘满丢失")                                             \
	X("pkts", "packets", "数据包")                                                              \
	X("bytes", "bytes", "字节")                                                                 \
	X("missed", "packets missed", "漏收数据包")                                                   \
	X("how", "how", "方式")                                                                     \
	X("who", "who", "操作者")                                                                    \
	X("outcome", "outcome", "结果")                                                             \
	X("id", "policy", "策略")                                                                   \
	X("pol", "policy version", "策略版本")                                                        \
	X("epoch", "epoch", "代次")                                                                 \
	X("sha256", "SHA-256", "SHA-256 散列值")                                                     \
	X("detail", "detail", "说明")                                                               \
	X("cause", "cause", "原因")                                                                 \
	X("lost", "records lost", "丢失记录数")                                                       \
	X("from", "from number", "起始序号")                                                          \
	X("to", "to number", "结束序号")
// clang-format on
