using System.Diagnostics;
using System.Globalization;
using Lab.Measure;

namespace Lab.Watch;

/// <summary>What the watcher saw of one measurement.</summary>
/// <param name="Located">Dated by itself.</param>
/// <param name="Sampled">Dated by two looks at a counter.</param>
/// <param name="Notes">What could not be seen.</param>
public sealed record Watched(IReadOnlyList<Disturbance> Located, IReadOnlyList<Disturbance> Sampled, IReadOnlyList<string> Notes);

/// <summary>The process beside this one that watches it (<see cref="WatchProtocol"/>). Where it cannot be had, or is lost,
/// measuring goes on without and says so.</summary>
public sealed class Watcher : IDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private string? _lost;

    private Watcher(Process process) => _process = process;

    /// <summary>Returns at once; the process makes itself ready meanwhile.</summary>
    /// <param name="program">Starts the lab's program with arguments; null where there is none.</param>
    /// <param name="why">Null, or a sentence.</param>
    /// <returns>Null with the reason where no such process can be started.</returns>
    public static Watcher? TryStart(Func<IEnumerable<string>, ProcessStartInfo?> program, out string? why)
    {
        why = null;
        try
        {
            if (program([WatchProtocol.Verb, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)]) is { } start)
            {
                start.RedirectStandardInput = true;
                Process process = new() { StartInfo = start };
                process.ErrorDataReceived += (_, _) => { };
                process.Start();
                process.BeginErrorReadLine();
                return new Watcher(process);
            }
            why = "not watched: the lab is a library here, and cannot start the program that would watch it.";
        }
        catch (System.ComponentModel.Win32Exception refused)
        {
            why = $"not watched: no second process could be started ({refused.Message.TrimEnd('.')}).";
        }
        return null;
    }

    /// <summary>The kernel's id of the process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Watches from now on; returns when it does.</summary>
    public void Begin()
    {
        if (Send(WatchProtocol.Start) && Receive() is { } answer && answer != WatchProtocol.Watching)
        {
            Lose($"it answered '{answer}'");
        }
    }

    /// <summary>Stops watching, and returns what was seen since <see cref="Begin"/>; null if the watcher was lost.</summary>
    /// <param name="why">Why it was, a sentence.</param>
    public Watched? End(out string? why)
    {
        List<Disturbance> located = [], sampled = [];
        List<string> notes = [];
        _ = Send(WatchProtocol.Stop);
        while (_lost is null && Receive() is { } line && line != WatchProtocol.End)
        {
            if (WatchProtocol.Read(line) is { } one) (one.IsLocated ? located : sampled).Add(one.Disturbance);
            else if (line.StartsWith("note\t", StringComparison.Ordinal)) notes.Add(line[5..]);
        }
        why = _lost is null ? null : $"not watched: {_lost}.";
        return _lost is null ? new Watched(located, sampled, notes) : null;
    }

    /// <summary>Its input ends, and it with it.</summary>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(TimeSpan.FromSeconds(5))) _process.Kill();
        }
        catch (Exception gone) when (gone is IOException or InvalidOperationException)
        {
            // It has ended by itself.
        }
        _process.Dispose();
    }

    private bool Send(string order)
    {
        if (_lost is not null) return false;
        try
        {
            _process.StandardInput.WriteLine(order);
            _process.StandardInput.Flush();
            return true;
        }
        catch (IOException broken)
        {
            Lose(broken.Message.TrimEnd('.'));
            return false;
        }
    }

    /// <summary>Null if it was lost.</summary>
    private string? Receive()
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        try
        {
            if (!line.Wait(AnswerLimit)) Lose($"the process that watches did not answer for {AnswerLimit.TotalSeconds:0} s");
            else if (line.Result is null) Lose("the process that watches has ended");
        }
        catch (AggregateException broken) when (broken.InnerException is IOException)
        {
            Lose(broken.InnerException.Message.TrimEnd('.'));
        }
        return _lost is null ? line.Result : null;
    }

    private void Lose(string why) => _lost ??= why;
}
