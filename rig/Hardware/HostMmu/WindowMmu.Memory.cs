using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>The memory behind a VM's slots, and what the kernel counted while it was used.</summary>
internal sealed unsafe partial class WindowMmu<TMachine>
{
    /// <inheritdoc/>
    /// <remarks>
    /// Zero, which names nothing, once the memory file was damaged: the run is over, its verdict is out or comes with the next fault, and an
    /// updater that is still at work must not turn that into an error of its own.
    /// </remarks>
    /// <exception cref="InsufficientMemoryException">There is none; or the range lies where no window reaches.</exception>
    public ulong AllocateBacking(GfnRange range, FrameStamp stamp)
    {
        if (range.End.Value > _frames)
            throw new InsufficientMemoryException($"A slot at frames {range} lies outside the windows of --mmu host, which reach frame 0x{_frames:x}: ask for more --memory, which makes them longer.");
        if (!_host.IsMemoryWholeNow()) return 0;
        SlotBacking backing = _host.Memory.Allocate(range, stamp);
        _host.Expect(backing);
        lock (_ownedLock) _backings.Add(backing.Address);
        return backing.Address;
    }

    public void FreeBacking(ulong backing, ulong generation)
    {
        lock (_ownedLock) _backings.Remove(backing);
        Free(backing, generation);
    }

    /// <inheritdoc/>
    /// <remarks>Faults are those of the whole process since this MMU was made: the kernel counts no finer.</remarks>
    public IReadOnlyList<(string Name, string Unit, long Value)> KernelCounters()
    {
        (long minor, long major) = HostCalls.PageFaults();
        List<(string, string, long)> counters =
        [
            ("host.minor_faults", "count", minor - _faultsBefore.Minor),
            ("host.major_faults", "count", major - _faultsBefore.Major),
        ];
        if (_host.Userfaults is { } now && _userfaultsBefore is { } before)
        {
            counters.Add(("userfault.resolved", "count", now.Count - before.Count));
            counters.Add(("userfault.resolve_total", "ns", now.Nanoseconds - before.Nanoseconds));
            // A maximum has no beginning: it is that of the run so far.
            counters.Add(("userfault.resolve_max", "ns", now.NanosecondsMax));
        }
        return counters;
    }

    /// <summary>Memory that is not whole is left alone until the host goes: stamping it would fault where nobody can answer.</summary>
    private void Free(ulong backing, ulong generation)
    {
        if (_host.IsMemoryWholeNow()) _host.Memory.Free(backing, generation);
    }

    private void ReportMemoryLost(TdpRoot root) =>
        _oracle.Report("guest", "The memory behind the guest stays what it is while a VM uses it.",
            "the memory file of --mmu host was cut short or damaged; nothing is mapped from it any more", root.Id);
}
