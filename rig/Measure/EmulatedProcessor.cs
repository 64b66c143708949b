using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Lab.Measure;

/// <summary>Whether this processor is a program: what it does is right, and how long it takes means nothing.</summary>
public static class EmulatedProcessor
{
    /// <summary>Leaf at which a hypervisor gives its name.</summary>
    private const int NameLeaf = 0x4000_0000;

    /// <summary>Asks the processor (CPUID), which cannot be told otherwise from inside.</summary>
    public static bool IsHere()
    {
        if (!X86Base.IsSupported) return false;
        (_, _, int features, _) = X86Base.CpuId(1, 0);
        const int hypervisor = 1 << 31;
        if ((features & hypervisor) == 0) return false;
        (_, int first, int second, int third) = X86Base.CpuId(NameLeaf, 0);
        return IsEmulators(MemoryMarshal.AsBytes([first, second, third]));
    }

    /// <summary>Of the names of hypervisors, twelve letters each, the one of QEMU's emulator.</summary>
    internal static bool IsEmulators(ReadOnlySpan<byte> name) => name.SequenceEqual("TCGTCGTCGTCG"u8);
}
