using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>How large page tables are: constants of a type, so that on metal each is an immediate operand, and the same code runs
/// on tables small enough to be explored.</summary>
public interface ITableShape
{
    /// <summary>Levels of tables, the root's included: 2 to 4.</summary>
    static abstract int Levels { get; }

    /// <summary>Bits of a frame number that choose an entry of one table: 1 to 9.</summary>
    static abstract int IndexBits { get; }

    /// <summary>What is wrong on purpose with the page tables of this type; nothing, but where a test shows that the explorer
    /// would see it.</summary>
    static virtual MmuFlaw Flaw => MmuFlaw.None;
}

/// <summary>One step of the protocol left out (reference 11.2 to 11.4). A constant of a type, too: where it is none, nothing of
/// it is compiled.</summary>
public enum MmuFlaw
{
    None,

    /// <summary>After a yield a walk goes on behind the entry it stood at (CVE-2021-47094).</summary>
    SkipsAfterYield,

    /// <summary>A walk yields again though it has not moved since it last did.</summary>
    YieldsWithoutProgress,

    /// <summary>A zap gives the lock up while it owes a flush.</summary>
    YieldsOwingFlush,

    /// <summary>A detached table is freed at once, not after a grace period.</summary>
    FreesAtOnce,

    /// <summary>The accessed bit is cleared by a load and a store.</summary>
    ClearsWithoutCas,

    /// <summary>A fault installs over an entry that a zapper has frozen.</summary>
    InstallsOverFrozen,

    /// <summary>The entries of a detached table are emptied, not frozen.</summary>
    DetachesWithoutFreezing,

    /// <summary>A vCPU that loads a root goes on with the translations it has (I22).</summary>
    LoadsWithoutFlush,
}

/// <summary>Four levels of 512 entries: what the processor walks (4-level paging).</summary>
public readonly struct FourLevels : ITableShape
{
    public static int Levels => 4;

    public static int IndexBits => 9;
}

/// <summary>What follows from a shape.</summary>
internal static class TableShape<TShape>
    where TShape : struct, ITableShape
{
    /// <summary>Entries of a table.</summary>
    public static int Entries
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1 << TShape.IndexBits;
    }

    public static PageLevel RootLevel
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (PageLevel)TShape.Levels;
    }

    /// <summary>Level that the coarse pass begins at: below the root where that is no leaf (kernel: 1 GiB).</summary>
    public static PageLevel CoarseLevel => TShape.Levels > 2 ? RootLevel - 1 : RootLevel;

    /// <summary>Frames that one entry at the level covers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong FramesPerEntry(PageLevel level) => 1UL << (TShape.IndexBits * ((int)level - 1));

    /// <summary>The first frame that the entry at the level for this one covers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Gfn AlignDown(Gfn gfn, PageLevel level) => new(gfn.Value & ~(FramesPerEntry(level) - 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IndexOf(Gfn gfn, PageLevel level) =>
        (int)(gfn.Value >> (TShape.IndexBits * ((int)level - 1))) & (Entries - 1);
}
