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
        HashSet<MeasurementKey> named = manifest.Measurements.Select(m => m.Key).ToHashSet();
        if (named.Count == 0) // The first measurement brings the tables with it: before that there are none to miss.
        {
            return new RunRecord { Folder = folder, Manifest = manifest, State = state, PartialReason = reason };
        }
        return new RunRecord
        {
            Folder = folder,
            Manifest = manifest,
            State = state,
            PartialReason = reason,
            Summary = Named(CsvLayouts.Summary.Read(folder)),
            Histograms = Named(CsvLayouts.Histograms.Read(folder)),
            Timeline = Named(CsvLayouts.Timeline.Read(folder)),
            Counters = Named(CsvLayouts.Counters.Read(folder)),
            KernelEvents = Named(CsvLayouts.KernelEvents.ReadIfThere(folder)),
            Disturbances = Named(CsvLayouts.Disturbances.ReadIfThere(folder)),
            Undisturbed = Named(CsvLayouts.Undisturbed.ReadIfThere(folder)),
            Tagged = Named(CsvLayouts.Tagged.ReadIfThere(folder)),
            Violations = Named(ReadViolations(folder)),
        };

        List<TRow> Named<TRow>(List<TRow> rows) where TRow : MeasurementRow
        {
            _ = rows.RemoveAll(row => !named.Contains(row.Key));
            return rows;
        }
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
        HashSet<MeasurementKey> named = manifest.Measurements.Select(m => m.Key).ToHashSet();
        return new RunRecord
        {
            Folder = folder,
            Manifest = manifest,
            State = state,
            PartialReason = reason,
            Summary = named.Count == 0 ? [] : [.. CsvLayouts.Summary.Read(folder).Where(row => named.Contains(row.Key))],
            Undisturbed = named.Count == 0 ? []
                : [.. CsvLayouts.Undisturbed.ReadIfThere(folder).Where(row => named.Contains(row.Key))],
        };
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
        HashSet<MeasurementKey> named = manifest.Measurements.Select(m => m.Key).ToHashSet();
        return new RunRecord
        {
            Folder = folder,
            Manifest = manifest,
            State = state,
            PartialReason = reason,
            Histograms = named.Count == 0 ? [] : [.. CsvLayouts.Histograms.Read(folder).Where(row => named.Contains(row.Key))],
            Disturbances = named.Count == 0 ? []
                : [.. CsvLayouts.Disturbances.ReadIfThere(folder).Where(row => named.Contains(row.Key))],
        };
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
        HashSet<MeasurementKey> keys = [];
        foreach ((int index, Measurement one) in manifest.Measurements.Index())
        {
            if (!keys.Add(one.Key)) return ($"measurements[{index}]", $"'measurements[{index}]' is of {one.Strategy} on "
                + $"{one.Scene}, run {one.Run}, as one before it; expected each once");
        }
        return null;
    }

    private static List<Violation> ReadViolations(string folder) =>
        JsonFile.Read(Path.Combine(folder, RunJson.ViolationsFile), RunJson.Plain.ListViolation);
}
