namespace Lab.Results;

/// <summary>A run folder as a list shows it. Either <see cref="Manifest"/> or <see cref="Problem"/> is null.</summary>
/// <param name="State">As it is now; null when the manifest cannot be read.</param>
public sealed record RunListing(
    string Id, string Folder, RunState? State, string? PartialReason, Manifest? Manifest, string? Problem)
{
    public bool IsReadable => Manifest is not null;
}

/// <summary>The run folders below one folder, usually <c>results/runs</c>. Reads only.</summary>
public sealed class RunStore(string root)
{
    /// <summary>Stands for the newest readable run.</summary>
    public const string Latest = "latest";

    /// <summary>Why a run is partial whose process ended without saying so.</summary>
    public const string Killed = "killed";

    public string Root => root;

    /// <summary>Every folder there, newest first. What cannot be read is listed with its problem; a missing root is
    /// empty.</summary>
    public IReadOnlyList<RunListing> List()
    {
        if (!Directory.Exists(root)) return [];
        return
        [
            .. Directory.EnumerateDirectories(root)
                .Select(ListOne)
                .OrderByDescending(run => run.Manifest?.StartedUtc ?? Directory.GetLastWriteTimeUtc(run.Folder))
                .ThenByDescending(run => run.Id, StringComparer.Ordinal),
        ];
    }

    /// <summary>Reads a run whole.</summary>
    /// <param name="idOrPath">An id, the beginning of exactly one id, <c>latest</c>, or the path of a run folder or its
    /// manifest.</param>
    /// <exception cref="RunNotFoundException">Nothing or more than one run answers to it.</exception>
    /// <exception cref="RunDamagedException">A file of the run is missing or cannot be understood.</exception>
    public RunRecord Open(string idOrPath)
    {
        string folder = Find(idOrPath);
        Manifest manifest = ReadManifest(folder);
        (RunState state, string? reason) = StateNow(manifest);
        NamedMeasurements named = new(manifest, state);
        if (named.IsEmpty) // The first measurement brings the tables with it: before that there are none to miss.
        {
            return new RunRecord { Folder = folder, Manifest = manifest, State = state, PartialReason = reason };
        }
        RunRecord run = new()
        {
            Folder = folder,
            Manifest = manifest,
            State = state,
            PartialReason = reason,
            Summary = ReadSummary(folder, named),
            Histograms = CsvLayouts.Histograms.Read(folder, named),
            Timeline = CsvLayouts.Timeline.Read(folder, named),
            Counters = CsvLayouts.Counters.Read(folder, named),
            KernelEvents = CsvLayouts.KernelEvents.ReadIfThere(folder, named),
            Disturbances = CsvLayouts.Disturbances.ReadIfThere(folder, named),
            Undisturbed = CsvLayouts.Undisturbed.ReadIfThere(folder, named),
            Tagged = CsvLayouts.Tagged.ReadIfThere(folder, named),
            Violations = [.. ReadViolations(folder).Where(row => named.Has(row.Key))],
        };
        AgreeingTables tables = new(folder, named, run.Summary);
        tables.Check(run.Histograms, run.Timeline);
        tables.CheckRanges(run.Histograms);
        tables.Check(run.Undisturbed, run.Tagged);
        tables.CheckTagged(run.Undisturbed, run.Tagged);
        return run;
    }

    /// <summary>Reads a run's manifest and its summaries (of all samples and, where it was watched, of the undisturbed ones),
    /// which is what a comparison of hundreds of runs needs.</summary>
    /// <param name="idOrPath">As for <see cref="Open"/>.</param>
    /// <exception cref="RunNotFoundException">Nothing or more than one run answers to it.</exception>
    /// <exception cref="RunDamagedException">One of the files is missing or cannot be understood.</exception>
    public RunRecord OpenSummary(string idOrPath)
    {
        string folder = Find(idOrPath);
        Manifest manifest = ReadManifest(folder);
        (RunState state, string? reason) = StateNow(manifest);
        NamedMeasurements named = new(manifest, state);
        RunRecord run = new()
        {
            Folder = folder,
            Manifest = manifest,
            State = state,
            PartialReason = reason,
            Summary = named.IsEmpty ? [] : ReadSummary(folder, named),
            Undisturbed = named.IsEmpty ? [] : CsvLayouts.Undisturbed.ReadIfThere(folder, named),
        };
        if (named.IsEmpty) return run;
        AgreeingTables tables = new(folder, named, run.Summary);
        List<HistogramRow> histograms = CsvLayouts.Histograms.Read(folder, named);
        tables.Check(histograms, CsvLayouts.Timeline.Read(folder, named));
        tables.CheckRanges(histograms);
        tables.Check(run.Undisturbed, []);
        return run;
    }

    /// <summary>Reads a run's histograms and what disturbed it: what the figures of a comparison need beyond the
    /// summaries.</summary>
    /// <param name="idOrPath">As for <see cref="Open"/>.</param>
    /// <exception cref="RunNotFoundException">Nothing or more than one run answers to it.</exception>
    /// <exception cref="RunDamagedException">One of the files is missing or cannot be understood.</exception>
    public RunRecord OpenDistributions(string idOrPath)
    {
        string folder = Find(idOrPath);
        Manifest manifest = ReadManifest(folder);
        (RunState state, string? reason) = StateNow(manifest);
        NamedMeasurements named = new(manifest, state);
        return new RunRecord
        {
            Folder = folder,
            Manifest = manifest,
            State = state,
            PartialReason = reason,
            Histograms = named.IsEmpty ? [] : CsvLayouts.Histograms.Read(folder, named),
            Disturbances = named.IsEmpty ? [] : CsvLayouts.Disturbances.ReadIfThere(folder, named),
        };
    }

    /// <exception cref="RunDamagedException">A measurement that came out clean has no row: its rows were there before its name
    /// was.</exception>
    private static List<SummaryRow> ReadSummary(string folder, NamedMeasurements named)
    {
        List<SummaryRow> rows = CsvLayouts.Summary.Read(folder, named);
        HashSet<MeasurementKey> there = [.. rows.Select(row => row.Key)];
        if (named.Clean.FirstOrDefault(one => !there.Contains(one.Key)) is { } lost) throw new RunDamagedException(
            Path.Combine(folder, CsvLayouts.Summary.Name), null,
            $"there is no row of {lost.Strategy} on {lost.Scene}, run {lost.Run}, which the manifest names");
        return rows;
    }

    private string Find(string idOrPath)
    {
        if (idOrPath == Latest)
        {
            return List().FirstOrDefault(run => run.IsReadable)?.Folder
                ?? throw new RunNotFoundException($"There is no run in '{root}' yet: 'lab run' makes one.");
        }

        if (idOrPath.Length > 0 && !idOrPath.Contains(Path.DirectorySeparatorChar) && FindById(idOrPath) is { } byId) return byId;
        if (File.Exists(idOrPath) && Path.GetFileName(idOrPath) == RunJson.ManifestFile)
        {
            return Path.GetDirectoryName(Path.GetFullPath(idOrPath))!;
        }
        if (Directory.Exists(idOrPath)) return Path.GetFullPath(idOrPath);

        List<string> newest = List().Take(3).Select(run => run.Id).ToList();
        throw new RunNotFoundException($"There is no run '{idOrPath}', neither as an id in '{root}' nor as a path"
            + (newest.Count == 0 ? "; there are no runs yet." : $"; the newest are {string.Join(", ", newest)}."));
    }

    private string? FindById(string prefix)
    {
        if (!Directory.Exists(root)) return null;
        List<string> ids =
        [
            .. Directory.EnumerateDirectories(root)
                .Select(folder => Path.GetFileName(folder)!)
                .Where(id => id.StartsWith(prefix, StringComparison.Ordinal))
                .OrderDescending(StringComparer.Ordinal),
        ];
        if (ids.Count > 1 && !ids.Contains(prefix))
        {
            throw new RunNotFoundException(
                $"'{prefix}' is ambiguous, {ids.Count} runs begin with it: {string.Join(", ", ids.Take(5))}"
                + (ids.Count > 5 ? ", …" : "") + ".");
        }

        string? found = ids.Contains(prefix) ? prefix : ids.FirstOrDefault();
        return found is null ? null : Path.Combine(root, found);
    }

    private static RunListing ListOne(string folder)
    {
        string id = Path.GetFileName(folder)!;
        try
        {
            Manifest manifest = ReadManifest(folder);
            (RunState state, string? reason) = StateNow(manifest);
            return new RunListing(id, folder, state, reason, manifest, Problem: null);
        }
        catch (RunDamagedException e)
        {
            return new RunListing(id, folder, State: null, PartialReason: null, Manifest: null, e.Message);
        }
    }

    private static (RunState State, string? Reason) StateNow(Manifest manifest) =>
        manifest.State == RunState.Running && manifest.Process?.IsAlive() != true
            ? (RunState.Partial, Killed)
            : (manifest.State, manifest.PartialReason);

    private static Manifest ReadManifest(string folder) =>
        JsonFile.Read(Path.Combine(folder, RunJson.ManifestFile), RunJson.Plain.Manifest, Odd);

    private static (string, string)? Odd(Manifest manifest)
    {
        if (Domain.OddTimes(manifest.State, manifest.StartedUtc, manifest.FinishedUtc) is { } times) return times;
        if (manifest.State == RunState.Complete && manifest.Measurements.Count == 0) return ("measurements",
            "'measurements' is empty, and 'state' complete; expected what was measured");
        HashSet<MeasurementKey> keys = [];
        foreach ((int index, Measurement one) in manifest.Measurements.Index())
        {
            if (!keys.Add(one.Key)) return ($"measurements[{index}]", $"'measurements[{index}]' is of {one.Strategy} on "
                + $"{one.Scene}, run {one.Run}, as one before it; expected each once");
            if (one.Verdict == Verdict.Violated && one.Violations == 0) return ($"measurements[{index}].violations",
                $"'measurements[{index}].violations' is 0, and its verdict violated; expected at least 1");
            if (one.Verdict is not (Verdict.Violated or Verdict.Hung) && one.Violations > 0) return (
                $"measurements[{index}].violations", $"'measurements[{index}].violations' is {one.Violations}, and its verdict "
                + $"{one.Verdict.ToString().ToLowerInvariant()}; expected 0");
        }
        return null;
    }

    private static List<Violation> ReadViolations(string folder) =>
        JsonFile.Read(Path.Combine(folder, RunJson.ViolationsFile), RunJson.Plain.ListViolation);
}

/// <summary>Whose rows a run's tables may have. Tables are written before the manifest names what is in them: only where the run
/// is complete is every row named.</summary>
internal sealed class NamedMeasurements(Manifest manifest, RunState state)
{
    private readonly HashSet<MeasurementKey> _keys = [.. manifest.Measurements.Select(one => one.Key)];

    public bool IsEmpty => _keys.Count == 0;

    /// <summary>A row of any other is damage.</summary>
    public bool IsAll => state == RunState.Complete;

    public IEnumerable<Measurement> Clean => manifest.Measurements.Where(one => one.Verdict == Verdict.Clean);

    public bool Has(MeasurementKey key) => _keys.Contains(key);
}
