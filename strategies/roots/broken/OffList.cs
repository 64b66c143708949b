using Lab.Mmu;

namespace Lab.Strategies.Roots.Broken;

/// <summary><b>Idea.</b> A fast zap moves all roots from the VM's list to one of its own, so that it is clear who owns them, and
/// zaps and puts those.</summary>
/// <remarks>
/// <b>Source.</b> v1 15/28 of "KVM: x86/mmu: Overhaul TDP MMU zapping and flushing", 2021-11-20; given up before v2.
/// <para><b>Wrong because.</b> Notifiers walk the VM's list. While the fast zap yields, one finds nothing, finishes, and the host
/// frees a page that an SPTE of a moved root still maps (reference 4.1, invariant I4).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>baseline</c>.</para>
/// </remarks>
[Strategy("off-list", Code = "S4off", Status = StrategyStatus.Broken,
    Idea = "a fast zap takes the roots off the VM's list while it zaps them",
    Source = "v1 15/28, 2021-11-20",
    Breaks = "I4, I5: a notifier misses roots that are off the list (fault-storm with memslot updates, --pause fast-zap=…)")]
public sealed class OffList<TMachine>(Vm<TMachine> vm) : Baseline<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>First of the roots that the present fast zap took. Under slots_lock.</summary>
    private TdpRoot _own;

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First, next; !root.IsNone; root = next)
        {
            next = Vm.Roots.After(root);
            if (!TryGet(root)) continue;
            Invalidate(root);
            Machine.Enter(Vm.Roots.PagesLock);
            Vm.Roots.Remove(root);
            Machine.Exit(Vm.Roots.PagesLock);
            Machine.StoreRelaxed(ref root.OwnNext, _own.AsWord);
            _own = root;
        }
    }

    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        while (!_own.IsNone)
        {
            TdpRoot root = _own;
            _own = TdpRoot.FromWord(Machine.LoadRelaxed(ref root.OwnNext));
            ZapRoot(root, hold);
            Put(root, hold);
        }
        Vm.Exit(hold);
    }

    /// <summary>A root that turned invalid under the iterator may be on another list: begin again.</summary>
    protected override TdpRoot Successor(TdpRoot previous) => IsInvalid(previous) ? Vm.Roots.First : base.Successor(previous);
}
