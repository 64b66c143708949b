using System.Globalization;
using System.Text;
using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>A vCPU that accesses its root's window from this process: each stay in the guest is one call of the access
/// routine.</summary>
internal sealed class WindowCore<TMachine> : IVcpuCore
    where TMachine : struct, IMachine
{
    private const int AccessesInComplaint = 4;

    private readonly WindowMmu<TMachine> _mmu;
    private readonly WindowHost _host;
    private readonly MappedRange _area;
    private readonly GuestBatch _batch;
    private readonly nint _requestWord;
    private readonly Gfn _end;

    /// <summary>Operating-system thread that is in the routine, or zero.</summary>
    private int _inGuest;

    /// <param name="mmu">Whose roots it runs on.</param>
    /// <param name="host">Keeps it for kicks.</param>
    /// <param name="vcpu">Number of the vCPU.</param>
    /// <param name="requestWord">Address of its request word.</param>
    /// <param name="end">First frame that windows do not reach, and which is a hole in each.</param>
    public WindowCore(WindowMmu<TMachine> mmu, WindowHost host, int vcpu, nint requestWord, Gfn end)
    {
        _mmu = mmu;
        _host = host;
        _area = MappedRange.Anonymous(GuestBatch.Bytes);
        // SAFETY: the area is fresh from mmap, of this length, and lives as long as this object.
        unsafe { _batch = new GuestBatch(_area.Address, vcpu); }
        _requestWord = requestWord;
        _end = end;
    }

    public int Capacity => GuestBatch.Capacity;

    public Span<GuestTouch> Touches => _batch.Touches;

    /// <inheritdoc/>
    /// <remarks>A frame that no window reaches becomes the hole behind the last: the access faults, and the lab finds out that no
    /// slot is there.</remarks>
    public void Put(int index, Gfn gfn, AccessKind kind) => _batch.Put(index, gfn.Value < _end.Value ? gfn : _end, kind);

    public CoreExit Run(TdpRoot root, int first, int end)
    {
        if (_mmu.WindowOf(root) is not { } window) return new CoreExit(CoreExitReason.Failed, first,
            "the root was freed: use after free (I3)");
        _batch[GuestBatch.FirstOffset] = (ulong)first;
        _batch[GuestBatch.EndOffset] = (ulong)end;
        long changes = window.Changes;
        Volatile.Write(ref _inGuest, Libc.ThreadId());
        AccessCode.Run(_batch.Address, window.Address, _requestWord);
        Volatile.Write(ref _inGuest, 0);
        int next = (int)_batch[GuestBatch.NextOffset];
        CoreExitReason reason = (CoreExitReason)_batch[GuestBatch.ReasonOffset];
        return reason == CoreExitReason.Fault ? Judge(window, next, changes) : new CoreExit(reason, next);
    }

    /// <inheritdoc/>
    /// <remarks>A signal whose handler sends the thread to the routine's exit, also out of a page fault that nobody resolves. One
    /// that arrives late meets the thread elsewhere and does nothing.</remarks>
    public void Kick()
    {
        int thread = Volatile.Read(ref _inGuest);
        // The thread may have ended in between; then there is nobody to kick.
        if (thread != 0) _ = HostCalls.ThreadKill(Libc.ProcessId(), thread, HostCalls.SignalKick);
    }

    public void Dispose()
    {
        _host.Remove(this);
        _area.Dispose();
    }

    /// <summary>What a signal at an access means. A SIGSEGV is the fault that the lab resolves, unless the window did not change
    /// from before the stay until now and has a piece there that allows the access: then nobody will ever resolve it. Any other
    /// signal is the memory's.</summary>
    private CoreExit Judge(Window window, int next, long changesBefore)
    {
        int signal = (int)_batch[AccessCode.SignalOffset];
        (Gfn gfn, AccessKind kind) = _batch[(Index)next];
        lock (window.Pieces.Lock)
        {
            bool found = window.Pieces.TryFind(gfn, out Piece piece);
            bool steady = changesBefore == window.Changes && changesBefore % 2 == 0;
            bool allowed = found && (piece.MayWrite || kind != AccessKind.Write);
            if (signal == HostCalls.SignalSegv && !(steady && allowed)) return new CoreExit(CoreExitReason.Fault, next);
            // From here on nothing but the routine may touch that memory: a signal elsewhere ends the process.
            _host.ReportMemoryLost();
            return new CoreExit(CoreExitReason.Failed, next, Complaint(signal, window, next, found ? piece : null));
        }
    }

    private string Complaint(int signal, Window window, int next, Piece? piece)
    {
        (Gfn gfn, AccessKind kind) = _batch[(Index)next];
        string name =
            signal switch { HostCalls.SignalSegv => "SIGSEGV", HostCalls.SignalBus => "SIGBUS", _ => $"signal {signal}" };
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture,
            $"{name} (code {(long)_batch[AccessCode.SignalCodeOffset]}) at 0x{_batch[AccessCode.FaultAddressOffset]:x}, program "
                + $"counter 0x{_batch[AccessCode.ProgramCounterOffset]:x}");
        text.Append(CultureInfo.InvariantCulture,
            $", in access {next}, a {Word(kind)} of gfn {gfn} in window {window.Index} at 0x{window.Address:x}; ");
        if (piece is { } there)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"the piece {there.Range} is mapped {(there.MayWrite ? "for reading and writing" : "read-only")} from byte "
                    + $"0x{there.FileOffset:x} of the memory file");
        }
        else
        {
            text.Append("no piece is mapped there");
        }
        text.Append("; accesses before:");
        for (int index = Math.Max(0, next - AccessesInComplaint); index < next; index++)
        {
            (Gfn before, AccessKind how) = _batch[(Index)index];
            text.Append(CultureInfo.InvariantCulture, $" {Word(how)} {before} found {new FrameStamp(Touches[index].Stamp)},");
        }
        return next == 0 ? text.Append(" none").ToString() : text.ToString().TrimEnd(',');
    }

    private static string Word(AccessKind kind) =>
        kind switch { AccessKind.Read => "read", AccessKind.Write => "write", _ => "execution" };
}
