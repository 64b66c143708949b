using System.Runtime.InteropServices;

namespace Lab.Hardware;

/// <summary>struct perf_event_attr as its first version had it (PERF_ATTR_SIZE_VER0), which every kernel takes.</summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct PerfEventAttr
{
    public const int Bytes = 64;

    /// <summary>PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING: three words are read, the value first.</summary>
    public const ulong WithTimes = 1 | 2;

    [FieldOffset(0)] public uint Type;
    [FieldOffset(4)] public uint Size;
    [FieldOffset(8)] public ulong Config;
    [FieldOffset(16)] public ulong SamplePeriod;
    [FieldOffset(24)] public ulong SampleType;
    [FieldOffset(32)] public ulong ReadFormat;
    [FieldOffset(40)] public ulong Flags;
    [FieldOffset(48)] public uint WakeupEvents;
    [FieldOffset(52)] public uint BreakpointType;
    [FieldOffset(56)] public ulong Config1;
}
