using Lab.Mmu;

namespace Lab.Tests.Explorer.Planted;

/// <summary>Walks without references while its zaps yield.</summary>
[Strategy("p-no-reference", Status = StrategyStatus.Broken, Idea = "yields without a reference",
    Source = "planted", Breaks = "I3")]
public sealed class NoReference<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            if (IsInvalid(root)) ZapRoot(root, hold);
        }
        Vm.Exit(hold);
    }
}

/// <summary>Puts the root before it asks for the next one.</summary>
[Strategy("p-put-before-next", Status = StrategyStatus.Broken, Idea = "the iterator puts before it gets",
    Source = "planted", Breaks = "I3")]
public sealed class PutBeforeNext<TMachine>(Vm<TMachine> vm) : SharedLoads<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        TdpRoot root = Vm.Roots.First;
        while (!root.IsNone)
        {
            if (TryGet(root))
            {
                if (IsMarked(root)) ZapMarked(root, hold);
                Put(root, hold);
            }
            root = Vm.Roots.After(root);
        }
        Vm.Exit(hold);
    }
}

/// <summary>The MMU's reference is put before the zap instead of after it.</summary>
[Strategy("p-put-before-zap", Status = StrategyStatus.Broken, Idea = "puts, then zaps",
    Source = "planted", Breaks = "I3, I4")]
public sealed class PutBeforeZap<TMachine>(Vm<TMachine> vm) : OwnList<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void ZapPopped(TdpRoot root, SharedHold hold)
    {
        Put(root, hold);
        ZapRoot(root, hold);
    }
}

/// <summary>Nobody puts the MMU's reference.</summary>
[Strategy("p-no-put", Status = StrategyStatus.Broken, Idea = "the MMU's reference leaks",
    Source = "planted", Breaks = "I16")]
public sealed class NoPut<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void ZapMarked(TdpRoot root, SharedHold hold) => ZapRoot(root, hold);
}

/// <summary>The mark is removed after the put that may free the root.</summary>
[Strategy("p-unmarks-late", Status = StrategyStatus.Broken, Idea = "clears the mark after its puts",
    Source = "planted", Breaks = "I3")]
public sealed class UnmarksLate<TMachine>(Vm<TMachine> vm) : OwnList<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void ZapPopped(TdpRoot root, SharedHold hold)
    {
        base.ZapPopped(root, hold);
        Machine.Store(ref root.Flags, 0);
    }
}

/// <summary>The mark stays, and the next fast zap puts again.</summary>
[Strategy("p-keeps-mark", Status = StrategyStatus.Broken, Idea = "the mark of one fast zap is seen by the next",
    Source = "planted", Breaks = "I1")]
public sealed class KeepsMark<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void ZapMarked(TdpRoot root, SharedHold hold)
    {
        ZapRoot(root, hold);
        Put(root, hold);
    }
}

/// <summary>Marks roots that are invalid already as well, whose reference an earlier fast zap has put.</summary>
[Strategy("p-marks-invalid", Status = StrategyStatus.Broken, Idea = "invalid roots are put again",
    Source = "planted", Breaks = "I1")]
public sealed class MarksInvalid<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Mark(TdpRoot root)
    {
        Invalidate(root);
        Machine.StoreRelaxed(ref root.Flags, Marked);
    }
}

/// <summary>Puts every invalid root it meets, its own mark or not.</summary>
[Strategy("p-puts-invalid", Status = StrategyStatus.Broken, Idea = "no mark: every invalid root is put",
    Source = "planted", Breaks = "I1")]
public sealed class PutsInvalid<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.InvalidOnly, hold); !root.IsNone;
             root = NextRoot(root, RootFilter.InvalidOnly, hold))
        {
            ZapMarked(root, hold);
        }
        Vm.Exit(hold);
    }
}

/// <summary>Zaps the roots first and marks them invalid afterwards: a fault maps in between.</summary>
[Strategy("p-invalid-last", Status = StrategyStatus.Broken, Idea = "invalidates after the zap",
    Source = "planted", Breaks = "I6")]
public sealed class InvalidLast<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Mark(TdpRoot root)
    {
        if (!IsInvalid(root)) Machine.StoreRelaxed(ref root.Flags, Marked);
    }

    protected override void ZapMarked(TdpRoot root, SharedHold hold)
    {
        Machine.StoreRelaxed(ref root.Flags, 0);
        ZapRoot(root, hold);
        Invalidate(root);
        Put(root, hold);
    }
}

/// <summary>Drops mmu_lock inside the walk that invalidates.</summary>
[Strategy("p-yields-early", Status = StrategyStatus.Broken, Idea = "yields while it invalidates",
    Source = "planted", Breaks = "I6, I8")]
public sealed class YieldsEarly<TMachine>(Vm<TMachine> vm) : Inline<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            if (Invalidate(root)) ZapRoot(root, hold);
        }
    }
}

/// <summary>Skips roots that nobody but the MMU refers to: nobody could use them.</summary>
[Strategy("p-skips-unused", Status = StrategyStatus.Broken, Idea = "a root without a vCPU is not zapped",
    Source = "planted", Breaks = "I6")]
public sealed class SkipsUnused<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Mark(TdpRoot root)
    {
        if (Machine.Load(ref root.Count) > 1) base.Mark(root);
    }
}

/// <summary>Stops at the first root that it has zapped.</summary>
[Strategy("p-first-only", Status = StrategyStatus.Broken, Idea = "one root, then it returns",
    Source = "planted", Breaks = "I6")]
public sealed class FirstOnly<TMachine>(Vm<TMachine> vm) : OwnList<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        TdpRoot root = Pop();
        if (!root.IsNone) ZapPopped(root, hold);
        Vm.Exit(hold);
    }
}

/// <summary>A root that a last put is zapping is left to it: the fast zap returns before that is done.</summary>
[Strategy("p-leaves-to-putter", Status = StrategyStatus.Broken, Idea = "a root that a put is zapping is nobody else's",
    Source = "planted", Breaks = "I6")]
public sealed class LeavesToPutter<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    private const ulong Mine = 1;

    protected override void Mark(TdpRoot root)
    {
        if (Invalidate(root)) Machine.StoreRelaxed(ref root.Flags, Mine);
    }

    protected override void ZapInvalid(TdpRoot root, SharedHold hold)
    {
        if ((Machine.LoadRelaxed(ref root.Flags) & Mine) != 0) ZapRoot(root, hold);
    }
}

/// <summary>Claims the exclusive hold for a zap under the shared one: it empties entries without looking who else is
/// there.</summary>
[Strategy("p-wrong-hold", Status = StrategyStatus.Broken, Idea = "zaps as if it held mmu_lock exclusive",
    Source = "planted", Breaks = "I16")]
public sealed class WrongHold<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void ZapInvalid(TdpRoot root, SharedHold hold)
    {
        ExclusiveHold pretended = default;
        ZapRoot(root, pretended, mayYield: false);
    }
}

/// <summary>Zaps without mmu_lock.</summary>
[Strategy("p-no-lock", Status = StrategyStatus.Broken, Idea = "zaps and puts without mmu_lock",
    Source = "planted", Breaks = "I4, I14")]
public sealed class NoLock<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots()
    {
        SharedHold pretended = default;
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.InvalidOnly, pretended); !root.IsNone;
             root = NextRoot(root, RootFilter.InvalidOnly, pretended))
        {
            ZapRoot(root, pretended, mayYield: false);
        }
    }
}

/// <summary>Its list belongs to no lock: what a put appends meanwhile is lost.</summary>
[Strategy("p-loses-list", Status = StrategyStatus.Broken, Idea = "a list that two write without a lock",
    Source = "planted", Breaks = "I16")]
public sealed class LosesList<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>The list's head is a root's own word, as there is no other: the first root's.</summary>
    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        if (ExchangeInvalid(root))
        {
            Machine.StoreRelaxed(ref root.Count, 1);
            Machine.StoreRelaxed(ref root.Flags, 1);
            return;
        }
        UnlinkAndFree(root);
    }

    protected override void ZapInvalid(TdpRoot root, SharedHold hold)
    {
        ZapRoot(root, hold);
        if (Machine.LoadRelaxed(ref root.Flags) == 0) return;
        Machine.StoreRelaxed(ref root.Flags, 0);
        Put(root, hold);
    }
}

/// <summary>Gifts itself a reference only on valid roots and takes one from each invalid one that is not empty.</summary>
[Strategy("p-gift-by-look", Status = StrategyStatus.Broken, Idea = "takes its gift from whatever is mapped",
    Source = "planted", Breaks = "I1, I16")]
public sealed class GiftByLook<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Mark(TdpRoot root)
    {
        if (!IsInvalid(root) && TryGet(root)) Invalidate(root);
    }

    protected override void ZapInvalid(TdpRoot root, SharedHold hold)
    {
        ZapRoot(root, hold);
        Put(root, hold);
    }
}

/// <summary>Takes roots off the list when it invalidates them.</summary>
[Strategy("p-off-list", Status = StrategyStatus.Broken, Idea = "roots leave the list before the zap",
    Source = "planted", Breaks = "I4")]
public sealed class LeavesList<TMachine>(Vm<TMachine> vm) : OwnList<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        Unlink(root);
        Vm.Mmu.FreeRoot(root);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        TdpRoot next;
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = next)
        {
            next = Vm.Roots.After(root);
            if (!Invalidate(root)) continue;
            Machine.Enter(Vm.Roots.PagesLock);
            Vm.Roots.Remove(root);
            Machine.Exit(Vm.Roots.PagesLock);
            Push(root);
        }
    }
}

/// <summary>Marks are the number of the fast zap, modulo three, and stay: the fourth finds those of the first.</summary>
[Strategy("p-modulo", Status = StrategyStatus.Broken, Idea = "fast zaps are numbered modulo three", Source = "planted",
    Breaks = "I1")]
public sealed class Modulo<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    private ulong _number;

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        _number = _number % 3 + 1;
        base.InvalidateAllRoots(hold);
    }

    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.All, hold); !root.IsNone;
             root = NextRoot(root, RootFilter.All, hold))
        {
            if (Machine.LoadRelaxed(ref root.Flags) != _number) continue;
            ZapRoot(root, hold);
            Put(root, hold);
        }
        Vm.Exit(hold);
    }

    protected override void Mark(TdpRoot root)
    {
        if (Invalidate(root)) Machine.StoreRelaxed(ref root.Flags, _number);
    }
}

/// <summary>The VM's end gives up the first root only.</summary>
[Strategy("p-destroys-first", Status = StrategyStatus.Broken, Idea = "one root at the VM's end", Source = "planted",
    Breaks = "I16")]
public sealed class DestroysFirst<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Destroy()
    {
        if (!Vm.Roots.First.IsNone) Mark(Vm.Roots.First);
        ZapInvalidatedRoots();
    }
}

/// <summary>Of more than two holders beside the MMU one is taken to be enough.</summary>
[Strategy("p-enough", Status = StrategyStatus.Broken, Idea = "a load of a root with many holders takes no reference",
    Source = "planted", Breaks = "I1, I3")]
public sealed class EnoughHolders<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        TdpRoot root = base.GetVcpuRoot(vcpu, role, hold);
        if (!root.IsNone && Machine.Load(ref root.Count) > 3) Decrement(root, hold);
        return root;
    }
}
