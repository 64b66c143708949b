using Lab.Mmu;

namespace Lab.Strategies.Roots;

/// <summary><b>Idea.</b> A fast zap chains the roots it took a reference on through a second link, and later zaps and puts
/// exactly those. Nothing is inferred from the invalid bit; the roots stay on the VM's list, where notifiers find them.</summary>
/// <remarks>
/// <b>Source.</b> Sean Christopherson's "second list" of 2022-03-02 (Yh/GoUPxMRyFqFc5), never posted; completed here after
/// reference 4.2 with a count of threads inside detached subtrees. Put is his exchange form (reference 5.3).
/// <para><b>Runs beside.</b> Loads hold mmu_lock exclusive, puts either mode, the zap phase shared. The private list is touched
/// only under slots_lock.</para>
/// <para><b>On return.</b> A fast zap's roots are empty, and no other thread is inside a subtree that was detached from one of
/// them.</para>
/// <para><b>Pays.</b> The last putter of a valid root, with yields; a fast zap for its own roots, and for a defunct one that is
/// not empty yet.</para>
/// </remarks>
[Strategy("second-list", Code = "S4A", Idea = "a fast zap chains the roots it owns a reference on; roots stay reachable",
    Source = "Christopherson 2022-03-02, never posted; reference 4.2")]
public sealed class SecondList<TMachine>(Vm<TMachine> vm) : RootStrategy<TMachine>(vm), IZapHooks
    where TMachine : struct, IMachine
{
    /// <summary>Bit of the root's flags: a full pass has gone through it since it became invalid.</summary>
    private const ulong Emptied = 1;

    /// <summary>First root of the present fast zap's list. Under slots_lock.</summary>
    private TdpRoot _own;

    public override bool? KeepsRoots => false;

    protected override ZapPasses Passes => ZapPasses.Root;

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 1);

    public override void Put(TdpRoot root, MmuHold hold)
    {
        while (Decrement(root, hold) == 0)
        {
            Vm.Pause(PausePoint.PutEdge);
            if (!ExchangeInvalid(root))
            {
                UnlinkAndFree(root);
                return;
            }
            // The exchange is a full fence: who gets a reference from here on sees the root invalid.
            Machine.StoreRelaxed(ref root.Count, 1);
            Empty(root, hold);
        }
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            // An invalid root that is empty, with nobody inside a subtree of it, needs nothing of this fast zap.
            if (IsInvalid(root) && IsEmptied(root) && Machine.Load(ref root.Busy) == 0) continue;
            if (!TryGet(root)) continue;
            Invalidate(root);
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
            Empty(root, hold);
            // Whoever is in a subtree of it holds mmu_lock shared as well, does not yield there, and does not wait for us.
            Backoff backoff = default;
            while (Machine.Load(ref root.Busy) != 0) Machine.Relax(ref backoff);
            Put(root, hold);
        }
        Vm.Exit(hold);
    }

    /// <summary>Before the CAS that detaches: a fast zap that finds the entry empty then finds the count raised.</summary>
    public void OnDetach(TdpRoot root) => Machine.Add(ref root.Busy, 1);

    public void OnSubtreeDone(TdpRoot root) => Machine.Add(ref root.Busy, ulong.MaxValue);

    public override string? SelfCheck() => _own.IsNone ? null : $"{_own} is still on a fast zap's own list";

    private bool IsEmptied(TdpRoot root) => (Machine.Load(ref root.Flags) & Emptied) != 0;

    private void Empty(TdpRoot root, MmuHold hold)
    {
        ZapRoot(root, hold);
        Machine.Or(ref root.Flags, Emptied);
    }
}
