using System.Globalization;
using System.Text.Json;

namespace Lab.Results;

/// <summary>The folder of a run that is being measured. At any instant, also one at which the process is killed, the folder holds
/// exactly the measurements that <c>manifest.json</c> names, whole. May be called from several threads, one at a time
/// wins.</summary>
public sealed class RunFolder
{
    private readonly Lock _lock = new();
    private readonly Func<string, Stream>? _openNew;
    private readonly List<Violation> _violations = [];

    private RunFolder(string path, Manifest manifest, Func<string, Stream>? openNew)
    {
        Path = path;
        Manifest = manifest;
        _openNew = openNew;
    }

    public string Path { get; }

    /// <summary>As last written.</summary>
    public Manifest Manifest { get; private set; }

    /// <summary>Makes a new folder below <paramref name="root"/> whose manifest says that the run goes on.</summary>
    /// <param name="manifest">Id, state, process and, where it is unset, the start are filled in here.</param>
    /// <param name="openNew">See <see cref="StagedFiles"/>; a test puts a full disk here.</param>
    /// <exception cref="ResultsUnwritableException">No folder is left behind.</exception>
    public static RunFolder Create(string root, Manifest manifest, Func<string, Stream>? openNew = null)
    {
        DateTimeOffset started = manifest.StartedUtc == default ? DateTimeOffset.UtcNow : manifest.StartedUtc.ToUniversalTime();
        string path = CreateDirectory(root, started);
        RunFolder folder = new(path, manifest with
        {
            Id = System.IO.Path.GetFileName(path),
            State = RunState.Running,
            PartialReason = null,
            StartedUtc = started,
            FinishedUtc = null,
            Process = WriterProcess.Current,
        }, openNew);
        try
        {
            using StagedFiles files = new(path, openNew);
            AddManifest(files, folder.Manifest);
            files.Publish();
            return folder;
        }
        catch (ResultsUnwritableException)
        {
            Remove(path);
            throw;
        }
    }

    /// <summary>Adds a finished measurement to the folder. Returns when it is on disk.</summary>
    /// <exception cref="ArgumentException">A row belongs to another measurement, or the measurement is there already.</exception>
    /// <exception cref="ResultsUnwritableException">The folder still holds the measurements before this one.</exception>
    public void Write(MeasurementRows rows)
    {
        rows.RefuseForeignRows();
        lock (_lock)
        {
            if (Manifest.State != RunState.Running) throw new InvalidOperationException(
                $"Run {Manifest.Id} is {Manifest.State}: it takes no more measurements.");
            if (Manifest.Measurements.Any(written => written.Key == rows.Measurement.Key))
            {
                throw new ArgumentException($"{rows.Measurement.Key} is in the folder already.", nameof(rows));
            }

            Manifest manifest = Manifest with { Measurements = [.. Manifest.Measurements, rows.Measurement] };
            List<Violation> violations = [.. _violations, .. rows.Violations];
            using StagedFiles files = new(Path, _openNew);
            Append(files, CsvLayouts.Summary, rows.Summary);
            Append(files, CsvLayouts.Histograms, rows.Histograms);
            Append(files, CsvLayouts.Timeline, rows.Timeline);
            Append(files, CsvLayouts.Counters, rows.Counters);
            if (rows.KernelEvents.Count > 0) Append(files, CsvLayouts.KernelEvents, rows.KernelEvents);
            if (rows.Disturbances.Count > 0) Append(files, CsvLayouts.Disturbances, rows.Disturbances);
            if (rows.Undisturbed.Count > 0) Append(files, CsvLayouts.Undisturbed, rows.Undisturbed);
            if (rows.Tagged.Count > 0) Append(files, CsvLayouts.Tagged, rows.Tagged);
            files.Add(RunJson.ViolationsFile, to => JsonSerializer.Serialize(to, violations, RunJson.Plain.ListViolation));
            AddManifest(files, manifest); // Last: rows count from the moment the manifest names their measurement.
            files.Publish();
            Manifest = manifest;
            _violations.AddRange(rows.Violations);
        }
    }

    /// <summary>Adds a warning about the run as a whole; it is on disk when this returns.</summary>
    /// <exception cref="ResultsUnwritableException">The folder is as it was.</exception>
    public void Warn(string warning)
    {
        lock (_lock) Replace(Manifest with { Warnings = [.. Manifest.Warnings, warning] });
    }

    /// <summary>Every measurement asked for was made. Does nothing if the run has ended already.</summary>
    public void Complete() => End(RunState.Complete, null);

    /// <summary>The run ends early with what it has. Does nothing if the run has ended already.</summary>
    /// <exception cref="ResultsUnwritableException">The folder says running; once the process is gone it reads as
    /// killed.</exception>
    public void Partial(string reason) => End(RunState.Partial, reason);

    /// <summary>The run failed. A folder with measurements becomes partial, or reads as killed if not even that can be written;
    /// one without is removed. Does not throw: the failure is already on its way up.</summary>
    public void Abandon(string reason)
    {
        if (Manifest.Measurements.Count == 0)
        {
            Remove(Path);
            return;
        }
        try
        {
            Partial(reason);
        }
        catch (ResultsUnwritableException)
        {
            // As described above.
        }
    }

    private void End(RunState state, string? reason)
    {
        lock (_lock)
        {
            if (Manifest.State == RunState.Running)
            {
                Replace(Manifest with
                    { State = state, PartialReason = reason, FinishedUtc = WriterProcess.NotBefore(Manifest.StartedUtc) });
            }
        }
    }

    private void Replace(Manifest manifest)
    {
        using StagedFiles files = new(Path, _openNew);
        AddManifest(files, manifest);
        files.Publish();
        Manifest = manifest;
    }

    private void Append<TRow>(StagedFiles files, CsvTable<TRow> table, IReadOnlyList<TRow> rows) where TRow : MeasurementRow =>
        files.Add(table.Name, to => table.WriteAppended(to, Path, rows));

    private static void AddManifest(StagedFiles files, Manifest manifest) =>
        files.Add(RunJson.ManifestFile, to => JsonSerializer.Serialize(to, manifest, RunJson.Plain.Manifest));

    private static void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Why it could not be written is what the caller has to hear; an empty folder is listed as unreadable.
        }
    }

    private static string CreateDirectory(string root, DateTimeOffset started)
    {
        try
        {
            Directory.CreateDirectory(root);
            while (true)
            {
                string stamp = started.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
                string path = System.IO.Path.Combine(root, $"{stamp}-{Random.Shared.GetHexString(6, lowercase: true)}");
                if (System.IO.Path.Exists(path)) continue;
                Directory.CreateDirectory(path);
                return path;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsUnwritableException(root, e);
        }
    }
}
