using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lab.Hardware;

/// <summary>Numbers of KVM's interface to user space (include/uapi/linux/kvm.h, API version 12). Those that carry a structure
/// encode its size; a test holds each against the structure here.</summary>
internal static class KvmAbi
{
    public const int ApiVersion = 12;

    public const uint GetApiVersion = 0xae00;
    public const uint CreateVm = 0xae01;
    public const uint CheckExtension = 0xae03;
    public const uint GetVcpuMmapSize = 0xae04;
    public const uint GetSupportedCpuid = 0xc008_ae05;
    public const uint CreateVcpu = 0xae41;
    public const uint GetDirtyLog = 0x4010_ae42;
    public const uint SetUserMemoryRegion = 0x4020_ae46;
    public const uint Run = 0xae80;
    public const uint GetRegs = 0x8090_ae81;
    public const uint SetRegs = 0x4090_ae82;
    public const uint GetSregs = 0x8138_ae83;
    public const uint SetSregs = 0x4138_ae84;
    public const uint SetCpuid2 = 0x4008_ae90;
    public const uint EnableCap = 0x4068_aea3;
    public const uint GetTscKhz = 0xaea3;
    public const uint ResetDirtyRings = 0xaec7;
    public const uint GetStatsFd = 0xaece;

    public const int CapUserMemory = 3;
    public const int CapMemslots = 10;
    public const int CapSyncMmu = 16;
    public const int CapMaxVcpus = 66;
    public const int CapReadOnlyMemory = 81;
    public const int CapImmediateExit = 136;
    public const int CapDirtyLogRing = 192;
    public const int CapBinaryStats = 203;
    public const int CapDisableQuirks2 = 213;
    public const int CapDirtyLogRingAcquireRelease = 223;

    /// <summary>KVM_X86_QUIRK_SLOT_ZAP_ALL.</summary>
    public const ulong QuirkSlotZapAll = 1 << 7;

    /// <summary>KVM_DIRTY_LOG_PAGE_OFFSET: where a vCPU's ring begins in its mapping.</summary>
    public const long DirtyRingOffset = 64 * 4096;

    public const uint DirtyGfnDirty = 1;
    public const uint DirtyGfnReset = 2;

    /// <summary>Every number that carries a structure, with the structure's size here.</summary>
    public static IReadOnlyList<(string Name, uint Number, int Bytes)> Layouts { get; } =
    [
        ("KVM_GET_SUPPORTED_CPUID", GetSupportedCpuid, KvmCpuid.HeaderBytes),
        ("KVM_GET_DIRTY_LOG", GetDirtyLog, Unsafe.SizeOf<KvmDirtyLog>()),
        ("KVM_SET_USER_MEMORY_REGION", SetUserMemoryRegion, Unsafe.SizeOf<KvmRegion>()),
        ("KVM_GET_REGS", GetRegs, Unsafe.SizeOf<KvmRegs>()),
        ("KVM_SET_REGS", SetRegs, Unsafe.SizeOf<KvmRegs>()),
        ("KVM_GET_SREGS", GetSregs, Unsafe.SizeOf<KvmSregs>()),
        ("KVM_SET_SREGS", SetSregs, Unsafe.SizeOf<KvmSregs>()),
        ("KVM_SET_CPUID2", SetCpuid2, KvmCpuid.HeaderBytes),
        ("KVM_ENABLE_CAP", EnableCap, Unsafe.SizeOf<KvmEnableCap>()),
    ];

    /// <summary>The size that an ioctl number encodes (asm-generic/ioctl.h).</summary>
    public static int EncodedBytes(uint number) => (int)(number >> 16) & 0x3fff;
}

/// <summary>Why KVM_RUN returned (KVM_EXIT_*).</summary>
internal enum KvmExit : uint
{
    Unknown = 0,
    Exception = 1,
    Io = 2,
    Hypercall = 3,
    Debug = 4,
    Hlt = 5,
    Mmio = 6,
    Shutdown = 8,
    FailEntry = 9,
    Interrupted = 10,
    InternalError = 17,
    DirtyRingFull = 31,
    MemoryFault = 39,
}

/// <summary>struct kvm_userspace_memory_region.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmRegion
{
    public uint Slot;
    public uint Flags;
    public ulong GuestAddress;
    public ulong Bytes;
    public ulong UserAddress;
}

/// <summary>struct kvm_dirty_log.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmDirtyLog
{
    public uint Slot;
    private readonly uint _padding;
    public nint Bitmap;
}

/// <summary>struct kvm_dirty_gfn.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmDirtyGfn
{
    public uint Flags;
    public uint Slot;
    public ulong Offset;
}

/// <summary>struct kvm_enable_cap.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmEnableCap
{
    public uint Capability;
    public uint Flags;
    public ulong Argument;
    private readonly Rest _rest;

    /// <summary>Three arguments that nobody here uses, and padding.</summary>
    [InlineArray(88)]
    private struct Rest
    {
        private byte _first;
    }
}

/// <summary>struct kvm_regs.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmRegs
{
    public ulong Rax, Rbx, Rcx, Rdx, Rsi, Rdi, Rsp, Rbp;
    public ulong R8, R9, R10, R11, R12, R13, R14, R15;
    public ulong Rip, Rflags;

    public override readonly string ToString() =>
        $"rip={Rip:x} rflags={Rflags:x} rax={Rax:x} rbx={Rbx:x} rcx={Rcx:x} rdx={Rdx:x} rsi={Rsi:x} rdi={Rdi:x} "
            + $"rbp={Rbp:x} rsp={Rsp:x} " +
        $"r8={R8:x} r9={R9:x} r10={R10:x} r11={R11:x} r12={R12:x} r13={R13:x} r14={R14:x} r15={R15:x}";
}

/// <summary>struct kvm_segment.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmSegment
{
    public ulong Base;
    public uint Limit;
    public ushort Selector;
    public byte Type, Present, Dpl, Db, S, L, G, Avl, Unusable;
    private readonly byte _padding;
}

/// <summary>struct kvm_dtable.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmTable
{
    public ulong Base;
    public ushort Limit;
    private readonly ushort _padding0, _padding1, _padding2;
}

/// <summary>struct kvm_sregs.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmSregs
{
    public KvmSegment Cs, Ds, Es, Fs, Gs, Ss, Tr, Ldt;
    public KvmTable Gdt, Idt;
    public ulong Cr0, Cr2, Cr3, Cr4, Cr8, Efer, ApicBase;
    public ulong Interrupts0, Interrupts1, Interrupts2, Interrupts3;
}

/// <summary>struct kvm_run up to the union, and the members of the union that are looked at.</summary>
[StructLayout(LayoutKind.Explicit)]
internal struct KvmRunPage
{
    [FieldOffset(1)]
    public byte ImmediateExit;

    [FieldOffset(8)]
    public KvmExit ExitReason;

    [FieldOffset(34)]
    public ushort IoPort;

    [FieldOffset(32)]
    public ulong MmioAddress;

    [FieldOffset(40)]
    public ulong MmioData;

    [FieldOffset(48)]
    public uint MmioBytes;

    [FieldOffset(52)]
    public byte MmioIsWrite;

    [FieldOffset(32)]
    public uint Suberror;

    [FieldOffset(32)]
    public ulong EntryFailure;
}

/// <summary>struct kvm_stats_header.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmStatsHeader
{
    public uint Flags, NameBytes, Descriptors, IdOffset, DescriptorOffset, DataOffset;
}

/// <summary>struct kvm_stats_desc without the name behind it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmStatsDescriptor
{
    public uint Flags;
    public short Exponent;
    public ushort Values;
    public uint Offset, BucketBytes;

    /// <summary>KVM_STATS_TYPE_INSTANT and KVM_STATS_TYPE_PEAK, as opposed to what only grows (CUMULATIVE).</summary>
    public readonly bool IsGauge => (Flags & 0xf) is 1 or 2;

    /// <summary>KVM_STATS_UNIT_*.</summary>
    public readonly KvmStatsUnit Unit => (KvmStatsUnit)(Flags >> 4 & 0xf);
}

/// <summary>What a statistic is counted in (KVM_STATS_UNIT_*).</summary>
internal enum KvmStatsUnit : uint
{
    None = 0,
    Bytes = 1,
    Seconds = 2,
}
