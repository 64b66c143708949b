using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>A shadow page-table entry in the x86-64 format of KVM's TDP MMU with accessed and dirty bits.</summary>
/// <remarks>Bits: 0 present, 1 writable, 5 accessed, 6 dirty, 7 leaf above level 1 (page size), 51:12 the frame or the child
/// table, and the software bit 58 ("MMU-writable": the guest may write, though the bit 1 may be clear for dirty logging).
/// <see cref="Frozen"/> is the value that a zapping thread parks in an entry so that no other thread writes it (kernel
/// FROZEN_SPTE, before 6.9 REMOVED_SPTE; 0x5a0 over a non-present base). Source: arch/x86/kvm/mmu/spte.h, Linux 6.16.</remarks>
public static class Spte
{
    public const ulong Present = 1UL << 0;
    public const ulong Writable = 1UL << 1;
    public const ulong Accessed = 1UL << 5;
    public const ulong Dirty = 1UL << 6;
    public const ulong PageSize = 1UL << 7;
    public const ulong MmuWritable = 1UL << 58;

    /// <summary>Bits 51:12. Frames and tables are named by their address in this process, which fits (user addresses end below
    /// 2^47).</summary>
    public const ulong AddressMask = 0x000f_ffff_ffff_f000;

    public const ulong NonPresent = 0;
    public const ulong Frozen = 0x5a0;

    /// <summary>What every word of a freed table holds. Not present, so no walk follows it; not zero, so a walk that reads it is
    /// noticed.</summary>
    public const ulong Poison = 0xdead_f4ee_0000_0000;

    /// <summary>Bits 11:0 of an entry that caches an answer; no other entry has them.</summary>
    private const ulong Mmio = 0x004;

    public const int EntriesPerTable = 512;
    public const PageLevel LeafLevel = PageLevel.Size4K;

    // Claims about the layout that the code below relies on; a false one fails the build.
    internal const uint FrozenIsNotPresent = checked((uint)((Frozen & Present) == 0 ? 0 : -1));
    internal const uint PoisonIsNotPresent = checked((uint)((Poison & Present) == 0 ? 0 : -1));
    internal const uint PoisonIsNotFrozen = checked((uint)(Poison != Frozen ? 0 : -1));
    internal const uint FlagsAreOutsideAddress =
        checked((uint)(((Present | Writable | Accessed | Dirty | PageSize | MmuWritable) & AddressMask) == 0 ? 0 : -1));

    public static bool IsPresent(ulong spte) => (spte & Present) != 0;

    public static bool IsFrozen(ulong spte) => spte == Frozen;

    public static bool IsWritable(ulong spte) => (spte & Writable) != 0;

    /// <summary>True if the entry maps a page rather than a table. Level 1 entries always do.</summary>
    public static bool IsLeaf(ulong spte, PageLevel level) => level == LeafLevel || (spte & PageSize) != 0;

    /// <summary>Entry that caches that there was no memslot, by the generation of the slots that were searched. Not present, so
    /// no walk follows it (kernel: make_mmio_spte).</summary>
    public static ulong MakeMmio(ulong generation) => (generation << 12) | Mmio;

    public static bool IsMmio(ulong spte) => (spte & 0xfff) == Mmio;

    /// <summary>Of an entry of <see cref="MakeMmio"/>.</summary>
    public static ulong MmioGeneration(ulong spte) => spte >> 12;

    /// <summary>True if a leaf may be put there: nothing is, or a cached answer that there is no memslot.</summary>
    public static bool IsVacant(ulong spte) => spte == NonPresent || IsMmio(spte);

    public static ulong Address(ulong spte) => spte & AddressMask;

    /// <summary>Entry for a page at <paramref name="level"/>. It is made by a fault, so it starts accessed, and dirty when the
    /// fault was a write (make_spte: a fault is a use).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MakeLeaf(Hva page, PageLevel level, bool mayWrite, bool write)
    {
        ulong spte = (page.Value & AddressMask) | Present | Accessed;
        if (level > LeafLevel) spte |= PageSize;
        if (mayWrite) spte |= Writable | MmuWritable;
        if (write) spte |= Dirty;
        return spte;
    }

    /// <summary>Entry that links a child table.</summary>
    public static ulong MakeNonLeaf(ulong table) => (table & AddressMask) | Present | Writable | Accessed;

    /// <summary>True if hardware or the fast page-fault path may change this entry without the lock: then even an exclusive
    /// holder must read and write it in one step (kernel: spte_has_volatile_bits).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasVolatileBits(ulong spte)
    {
        if (!IsPresent(spte)) return false;
        if ((spte & MmuWritable) != 0 && (spte & Writable) == 0) return true;
        return (spte & Accessed) == 0 || ((spte & Writable) != 0 && (spte & Dirty) == 0);
    }

    public static string Describe(ulong spte) =>
        spte switch
        {
            NonPresent => "non-present",
            Frozen => "frozen",
            Poison => "poison (freed table)",
            _ when IsMmio(spte) => $"no memslot in generation {MmioGeneration(spte)}",
            _ => $"0x{spte:x}",
        };
}
