namespace Lab.Mmu;

/// <summary>A vCPU whose guest runs on the processor: accesses go to its core in lists, and come back with what the guest
/// read.</summary>
public sealed partial class Vcpu<TMachine>
{
    /// <summary>Accesses per stay in the guest where each is a few instructions of the lab's own.</summary>
    private const int AccessesPerStayInSoftware = 256;

    private readonly IVcpuCore? _core;

    /// <summary>Accesses on the core's list, and the first of them that was not made yet.</summary>
    private int _listed;
    private int _nextAccess;
    private int _firstUnclaimed;
    private (Gfn Gfn, bool Write)[] _list = [];

    /// <summary>Accesses worth asking for at once: enough that entering and leaving the guest does not show, few enough to look
    /// at the clock in between.</summary>
    public int AccessesPerStay => _core?.Capacity ?? AccessesPerStayInSoftware;

    /// <summary>True if the processor makes this vCPU's accesses and times each.</summary>
    public bool HasCore => _core is not null;

    /// <summary>The accesses made since the last <see cref="ClaimTouches"/>, or those of the core's list that are left if they
    /// are not claimed in time; one of zero ticks was skipped. Empty without a core.</summary>
    public ReadOnlySpan<GuestTouch> Touches => _core is { } core ? core.Touches[_firstUnclaimed.._nextAccess] : default;

    /// <summary>What <see cref="Touches"/> shows now has been looked at.</summary>
    public void ClaimTouches() => _firstUnclaimed = _nextAccess;

    /// <summary>Gets the vCPU's thread out of the guest. Any thread.</summary>
    public void Kick() => _core?.Kick();

    private VcpuExit RunOnCore(IVcpuCore core, ref AccessPattern pattern, int accessesMax)
    {
        if (_nextAccess == _listed) List(core, ref pattern, Math.Min(accessesMax, core.Capacity));
        int first = _nextAccess;
        int end = Math.Min(_listed, _nextAccess + accessesMax);
        CoreExit exit = core.Run(Root, _nextAccess, end);
        foreach (ref readonly GuestTouch touch in core.Touches[first..exit.Next])
        {
            FrameStamp stamp = new(touch.Stamp);
            if (stamp.Slot != FrameStamp.FreedSlot) continue;
            ReportStale($"read gfn {_gfn} through {Root} and found a frame {stamp}");
        }
        _vm.Machine.Actor.Counters.Accesses += exit.Next - first;
        _nextAccess = exit.Next;
        switch (exit.Reason)
        {
            case CoreExitReason.Done:
                return VcpuExit.Done;
            case CoreExitReason.Request:
                return VcpuExit.Request;
            case CoreExitReason.Failed:
                _vm.Oracle.Report(Invariants.Guest, $"vcpu{Index} on {Root}: {exit.Complaint}", Root.Id);
                return VcpuExit.Done;
            default:
                (Gfn gfn, bool write) = _list[_nextAccess];
                return VcpuExit.Fault(gfn, write);
        }
    }

    private void List(IVcpuCore core, ref AccessPattern pattern, int count)
    {
        if (_list.Length < count) _list = new (Gfn, bool)[core.Capacity];
        for (int index = 0; index < count; index++)
        {
            pattern.Next(out Gfn gfn, out bool write);
            _list[index] = (gfn, write);
            core.Put(index, gfn, write ? AccessKind.Write : AccessKind.Read);
        }
        _listed = count;
        _nextAccess = 0;
        _firstUnclaimed = 0;
    }

    private void SkipAccess(IVcpuCore core) => core.Touches[_nextAccess++] = default;
}
