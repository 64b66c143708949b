using Lab.Mmu;

namespace Lab.Strategies.Roots;

/// <summary><b>Idea.</b> One list per VM of roots that must be zapped, each with one reference. A put that makes a root invalid
/// appends it and returns; a fast zap appends all valid roots, then drains the list itself and waits for whoever helps. A work
/// queue without foreign threads.</summary>
/// <remarks>
/// <b>Source.</b> Reference 4.3, after Paolo Bonzini's reply of 2022-03-02 to the second list: one list for all puts, and a fast
/// zap flushes it.
/// <para><b>Runs beside.</b> Loads hold mmu_lock exclusive, puts either mode, draining the caller's. The list has a spin lock of
/// its own, inside mmu_lock.</para>
/// <para><b>On return.</b> A fast zap leaves the list empty and nobody inside a root of it. A put has zapped nothing, unless the
/// list was longer than the watermark: then it zapped one root, not necessarily its own.</para>
/// <para><b>Pays.</b> The next fast zap, for the puts before it; a putter above the watermark; a vCPU that finds no memory for a
/// root. The reference has neither of the latter: without a fast zap nobody ever gives back what the list holds.</para>
/// </remarks>
[Strategy("second-list-shared", Code = "S4B", Idea = "one zap list per VM; puts append, fast zaps drain and wait for helpers",
    Source = "reference 4.3, after Bonzini 2022-03-02")]
public sealed class SecondListShared<TMachine>(Vm<TMachine> vm) : RootStrategy<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>Roots that puts may leave behind before one of them must help: bounds the memory of zombies.</summary>
    private const int Watermark = 8;

    private readonly TicketLock _listLock = new("zap list");

    // All written under _listLock. A put compares the length with the watermark without it: a hint.
    private TdpRoot _head;
    private TdpRoot _tail;
    private int _length;

    /// <summary>Threads inside a root of the list. Raised under _listLock.</summary>
    private int _inFlight;

    public override bool? KeepsRoots => false;

    protected override ZapPasses Passes => ZapPasses.Root;

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        TdpRoot root = FindOrCreateRoot(vcpu, role, count: 1);
        // A pool of no more roots than the watermark is all on the list, and no put comes that would help: who waits for memory
        // has to make some.
        if (root.IsNone) DrainOne(hold);
        return root;
    }

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        Vm.Pause(PausePoint.PutEdge);
        if (!ExchangeInvalid(root))
        {
            UnlinkAndFree(root);
            return;
        }
        Machine.StoreRelaxed(ref root.Count, 1);
        Append(root);
        if (_length > Watermark) DrainOne(hold);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            // On the list already, or being drained: the fast zap waits for both.
            if (IsInvalid(root) || !TryGet(root)) continue;
            Invalidate(root);
            Append(root);
        }
    }

    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        while (DrainOne(hold)) { }
        Vm.Exit(hold);
        // Not under the lock: a helper that yields must get it back.
        Backoff backoff = default;
        while (IsAnyoneDraining()) Machine.Relax(ref backoff);
    }

    public override void Destroy() => ZapInvalidatedRoots();

    public override string? SelfCheck() =>
        _length == 0 && _inFlight == 0 ? null : $"{_length} roots are on the zap list, {_inFlight} in flight";

    protected override void DisposeOwned() => _listLock.Dispose();

    /// <summary>Hands over the caller's reference. Once per root, on its edge from valid to invalid.</summary>
    private void Append(TdpRoot root)
    {
        HandOver(root);
        Machine.StoreRelaxed(ref root.OwnNext, 0);
        Machine.Enter(_listLock);
        if (_tail.IsNone) _head = root;
        else Machine.StoreRelaxed(ref _tail.OwnNext, root.AsWord);
        _tail = root;
        _length++;
        Machine.Exit(_listLock);
    }

    private bool DrainOne(MmuHold hold)
    {
        Machine.Enter(_listLock);
        TdpRoot root = _head;
        if (!root.IsNone)
        {
            _head = TdpRoot.FromWord(Machine.LoadRelaxed(ref root.OwnNext));
            if (_head.IsNone) _tail = TdpRoot.None;
            _length--;
            _inFlight++;
        }
        Machine.Exit(_listLock);
        if (root.IsNone) return false;

        ZapRoot(root, hold);
        Put(root, hold);
        Machine.Enter(_listLock);
        _inFlight--;
        Machine.Exit(_listLock);
        return true;
    }

    private bool IsAnyoneDraining()
    {
        Machine.Enter(_listLock);
        bool any = _inFlight != 0;
        Machine.Exit(_listLock);
        return any;
    }
}
