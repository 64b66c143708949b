using System.Diagnostics.Tracing;
using Lab.Measure;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing.Parsers;

namespace Lab.Watch;

/// <summary>What the .NET runtime of another process did to it, seen through its diagnostic port while it runs: collections,
/// compilations, contention. The events are copied to files meanwhile and understood only after <see cref="Stop"/>, so that
/// watching costs little.</summary>
/// <remarks>Two sessions on one provider: at level Verbose the collector's keyword would bring every allocation tick, and below
/// it the compiler's brings no method names. No rundown: it would hold up compilation at the end. A process that watches itself
/// may deadlock in the runtime (dotnet/runtime 45518).</remarks>
internal sealed class RuntimeWatch : IDisposable
{
    private const int BufferMegabytes = 64;
    private const long Threading = 0x10000;
    private const long Compilation = 0x10_0000_0000;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly List<Session> _sessions = [];

    /// <summary>By time; empty until <see cref="Stop"/>.</summary>
    public IReadOnlyList<Disturbance> Disturbances { get; private set; } = [];

    /// <summary>Events that the runtime dropped because a buffer was full; with any, the list is not complete.</summary>
    public long EventsLost { get; private set; }

    /// <summary>Starts both sessions; what happens after the return is seen.</summary>
    /// <exception cref="WatchUnavailableException">The process has no diagnostic port, or it is not ours to open.</exception>
    public static RuntimeWatch Attach(int processId)
    {
        RuntimeWatch watch = new();
        try
        {
            DiagnosticsClient client = new(processId);
            watch.Start(client, EventLevel.Informational,
                (long)(ClrTraceEventParser.Keywords.GC | ClrTraceEventParser.Keywords.Contention) | Threading | Compilation);
            watch.Start(client, EventLevel.Verbose, (long)ClrTraceEventParser.Keywords.Jit);
            return watch;
        }
        catch (Exception refused)
            when (refused is DiagnosticsClientException or IOException or UnauthorizedAccessException or TimeoutException)
        {
            watch.Dispose();
            throw new WatchUnavailableException(processId, refused);
        }
    }

    /// <summary>Ends the sessions and reads what they brought. The process may have ended before.</summary>
    public void Stop()
    {
        if (_sessions.Count == 0) return;
        List<Disturbance> found = [];
        foreach (Session session in _sessions)
        {
            session.End();
            RuntimeTrace trace = RuntimeTrace.Read(session.Copy);
            found.AddRange(trace.Disturbances);
            EventsLost += trace.EventsLost;
        }
        Disturbances = [.. found.OrderBy(one => one.StartNanoseconds)];
        Dispose();
    }

    public void Dispose()
    {
        foreach (Session session in _sessions) session.Dispose();
        _sessions.Clear();
    }

    private void Start(DiagnosticsClient client, EventLevel level, long keywords) =>
        _sessions.Add(new Session(client.StartEventPipeSession(
        new EventPipeSessionConfiguration([new EventPipeProvider(ClrTraceEventParser.ProviderName, level, keywords)],
            BufferMegabytes, requestRundown: false, requestStackwalk: false))));

    /// <summary>One session and the file that its events go to, which is gone with it.</summary>
    private sealed class Session : IDisposable
    {
        private readonly EventPipeSession _session;
        private readonly Task _copying;
        private bool _isOver;

        public Session(EventPipeSession session)
        {
            _session = session;
            Copy =
                new FileStream(Path.Combine(Path.GetTempPath(), $"lab-watch-{Guid.NewGuid():N}.nettrace"), new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None,
                Options = FileOptions.DeleteOnClose,
            });
            _copying = Task.Factory.StartNew(() => session.EventStream.CopyTo(Copy), CancellationToken.None,
                TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        public FileStream Copy { get; }

        /// <summary>Asks the runtime for the rest of the events and waits until they are here.</summary>
        public void End()
        {
            if (_isOver) return;
            _isOver = true;
            try
            {
                _session.Stop();
            }
            catch (Exception gone)
                when (gone is ServerNotAvailableException or EndOfStreamException or IOException or TimeoutException)
            {
                // The process has ended: the stream ends by itself.
            }
            try
            {
                _ = _copying.Wait(StopLimit);
            }
            catch (AggregateException broken) when (broken.InnerException is IOException or ObjectDisposedException)
            {
                // What came before the break is kept.
            }
            Copy.Position = 0;
        }

        public void Dispose()
        {
            End();
            _session.Dispose();
            Copy.Dispose();
        }
    }
}

/// <summary>The runtime of a process cannot be watched; the message says why and what to do.</summary>
internal sealed class WatchUnavailableException(int processId, Exception inner) : Exception(
    $"The .NET runtime of process {processId} cannot be watched ({inner.Message.TrimEnd('.')}); let it run as the same user, "
        + "with the same TMPDIR and without DOTNET_EnableDiagnostics=0.", inner);
