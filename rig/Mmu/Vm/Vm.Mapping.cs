using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>The two calls into the MMU that happen once per page: a fault's install and the guest's walk.</summary>
/// <remarks>An interface call costs as much as the walk itself, and what is behind it cannot be inlined. So the radix MMU, whose
/// cost is a handful of instructions, is also known by its type; for the other MMUs, whose cost is the kernel's, the interface
/// call is lost in it. What the interface call needs in memory (its out parameter, the mapping) is in a method of its own: the
/// inlined branch has all in registers.</remarks>
public sealed partial class Vm<TMachine>
{
    /// <summary><see cref="Mmu"/> if it is the radix one.</summary>
    private readonly RadixMmu<TMachine, FourLevels>? _radix;

    /// <summary><see cref="IMmu.Map"/> of this VM's MMU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MapOutcome Map(TableCache cache, TdpRoot root, in Mapping mapping)
    {
        if (_radix is not { } radix) return MapByInterface(cache, root, mapping);
        return radix.Map(cache, root, mapping);
    }

    /// <summary><see cref="IMmu.Walk"/> of this VM's MMU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WalkOutcome Walk(TdpRoot root, Gfn gfn, bool write, out ulong spte)
    {
        if (_radix is not { } radix)
        {
            (WalkOutcome outcome, spte) = WalkByInterface(root, gfn, write);
            return outcome;
        }
        return radix.Walk(root, gfn, write, out spte);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private MapOutcome MapByInterface(TableCache cache, TdpRoot root, Mapping mapping) => Mmu.Map(cache, root, mapping);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (WalkOutcome Outcome, ulong Spte) WalkByInterface(TdpRoot root, Gfn gfn, bool write) =>
        (Mmu.Walk(root, gfn, write, out ulong spte), spte);
}
