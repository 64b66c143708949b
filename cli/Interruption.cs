using System.Runtime.InteropServices;
using Lab.Application;

namespace Lab.Cli;

/// <summary>Ctrl-C, SIGTERM and SIGHUP. A verb that has nothing to save is left at the first. Of one that does
/// (<see cref="Saves"/>) the first asks to end and to save, the second says what is being saved, the third leaves at once.
/// Signals come on threads of the runtime's, one per signal.</summary>
/// <remarks>System.CommandLine's own handling takes one signal: a second throws in its handler and aborts the process.</remarks>
internal sealed class Interruption : IDisposable
{
    /// <summary>Whoever leaves at once lets the first signal end the children that it asked to end.</summary>
    private static readonly TimeSpan ChildrenLimit = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _asked = new();
    private readonly ManualResetEventSlim _hasAsked = new();

    /// <summary>Kept until the process is gone: given back as it ends, a signal that comes then would kill it, and its exit code
    /// be lost.</summary>
    private static readonly List<PosixSignalRegistration> OfProcess = [];

    private string _before = "interrupted";
    private string? _saving;
    private bool _isDeaf;
    private int _heard;

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _asked.Token;

    public bool WasHeard => Volatile.Read(ref _heard) > 0;

    /// <summary>Prints a line for people, from any thread; who draws on the terminal replaces it meanwhile.</summary>
    public Action<string> Say { get; set; } = _ => { };

    /// <summary>Done before leaving at once: a cursor that was hidden is shown again.</summary>
    public Action AtLeaving { get; set; } = () => { };

    /// <summary>Ends the process with an exit code, at once.</summary>
    internal Action<int> Leave { get; init; } = LeaveProcess;

    /// <summary>Hears the process's signals from now on; without it there are none, as in a test. One that was ignored when the
    /// process began stays so: nohup is respected.</summary>
    public void Listen()
    {
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            OfProcess.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Hear();
            }));
        }
    }

    /// <summary>What the signal says that comes before there is anything to save, as "nothing had been measured yet".</summary>
    public void HasNothing(string yet) => Volatile.Write(ref _before, $"interrupted: {yet}");

    /// <summary>From now on there is something to save: signals ask for it.</summary>
    /// <param name="what">What the second signal says, as "what was measured is being saved".</param>
    public void Saves(string what) => Volatile.Write(ref _saving, what);

    /// <summary>From now on signals do nothing: somebody else ends this process.</summary>
    public void Ignore() => Volatile.Write(ref _isDeaf, true);

    internal void Hear()
    {
        if (Volatile.Read(ref _isDeaf)) return;
        int heard = Interlocked.Increment(ref _heard);
        string? saving = Volatile.Read(ref _saving);
        if (saving is null || heard > 2)
        {
            // Whoever is impatient does not wait for standard error either.
            if (heard == 1) Say($"lab: {Volatile.Read(ref _before)}.");
            else _hasAsked.Wait(ChildrenLimit);
            AtLeaving();
            Leave(ExitCode.Interrupted);
        }
        else if (heard == 2) Say($"lab: {saving}; once more leaves at once.");
        else
        {
            _asked.Cancel();
            _hasAsked.Set();
        }
    }

    public void Dispose()
    {
        Ignore();
        _asked.Dispose();
        _hasAsked.Dispose();
    }

    /// <summary>Without finalisers, handlers or flushing, any of which may wait for what does not come. Files are whole at any
    /// instant.</summary>
    [DllImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void LeaveProcess(int code);
}
