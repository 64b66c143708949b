using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lab.Results.Tracking;

namespace Lab.Results.Fleet;

/// <summary>What a plan's folder says of a unit.</summary>
public enum UnitState
{
    /// <summary>Nobody has begun it, or whoever had is gone.</summary>
    Missing,
    Running,

    /// <summary>It ended without an answer, and is not begun again by itself.</summary>
    Failed,
    Done,

    /// <summary>There is a result, and it cannot be understood or is not this unit's. Only whoever reads it can tell.</summary>
    Damaged,
}

/// <summary>A unit as the folder shows it, before anything in it is read.</summary>
/// <param name="Number">From 1.</param>
/// <param name="State">As far as names tell: a result may be damaged.</param>
/// <param name="Attempts">Attempts that ended without an answer.</param>
public sealed record UnitListing(int Number, UnitState State, int Attempts);

/// <summary>The folder of a plan: plain files that any number of machines read and write at the same time, with nothing between
/// them but a shared folder in which renaming is atomic.
/// <code>
/// plan.json               what is to be done
/// units/0017.json         a unit
/// units/0017.tmp.TAG/     an attempt that goes on, or did not come back; claim.json, alive
/// units/0017/             its result, whole: result.json and what was measured
/// units/0017.failed.1/    an attempt without an answer: result.json, log.txt
/// hosts/NAME.json         a machine that was not fit
/// learnt/EXPLORATION.json what parts of a search have taught, that all of them have to know
/// </code></summary>
public sealed class PlanFolder
{
    public const string PlanFile = "plan.json", ResultFile = "result.json", ClaimFile = "claim.json", AliveFile = "alive",
        LogFile = "log.txt";

    /// <summary>An attempt of another machine that has not shown for so long that it is alive is taken to be gone. Its result
    /// counts all the same if it comes.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(60);

    private const int DigitsMin = 4;
    private readonly int _digits;

    private PlanFolder(string path, FleetPlan plan)
    {
        (Path, Plan) = (path, plan);
        _digits = DigitsOf(plan.Units.Count);
    }

    public string Path { get; }

    public FleetPlan Plan { get; }

    public int Count => Plan.Units.Count;

    public string Units => System.IO.Path.Combine(Path, "units");

    /// <summary>Writes a plan: the units first, the plan itself when all are there.</summary>
    /// <param name="path">Does not exist, or is empty.</param>
    /// <param name="plan">Without the units' hashes.</param>
    /// <param name="units">In their order; plan and number are filled in here.</param>
    /// <exception cref="ResultsUnwritableException">No place, permission or space.</exception>
    public static PlanFolder Create(string path, FleetPlan plan, IReadOnlyList<FleetUnit> units)
    {
        path = System.IO.Path.GetFullPath(path);
        string id = string.Create(CultureInfo.InvariantCulture,
            $"{plan.CreatedUtc:yyyyMMdd'T'HHmmss'Z'}-{Random.Shared.GetHexString(6, lowercase: true)}");
        List<string> hashes = [];
        PlanFolder folder = new(path, plan with { Id = id, Units = [.. units.Select(_ => "")] });
        try
        {
            Directory.CreateDirectory(folder.Units);
            foreach ((int index, FleetUnit unit) in units.Index())
            {
                byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(unit with { Plan = id, Number = index + 1 },
                    FleetJson.Plain.FleetUnit);
                // Not forced to disk one by one: the plan knows their hashes, so that a lost one is seen.
                File.WriteAllBytes(folder.UnitFile(index + 1), bytes);
                hashes.Add(HashOf(bytes));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResultsUnwritableException(path, e);
        }
        folder = new PlanFolder(path, folder.Plan with { Units = hashes });
        Write(System.IO.Path.Combine(path, PlanFile), folder.Plan, FleetJson.Plain.FleetPlan);
        return folder;
    }

    /// <param name="path">Of the folder or its plan.</param>
    /// <exception cref="RunNotFoundException">There is none.</exception>
    /// <exception cref="RunDamagedException">The plan is missing, of a newer program, or cannot be understood.</exception>
    public static PlanFolder Open(string path)
    {
        if (System.IO.Path.GetFileName(path) == PlanFile)
        {
            path = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        }
        if (!Directory.Exists(path)) throw new RunNotFoundException(
            $"There is no plan '{path}'; 'lab fleet plan … -o {path}' makes one.");
        return new PlanFolder(System.IO.Path.GetFullPath(path),
            JsonFile.Read(System.IO.Path.Combine(path, PlanFile), FleetJson.Plain.FleetPlan, Odd));
    }

    public string NameOf(int unit) => unit.ToString(CultureInfo.InvariantCulture).PadLeft(_digits, '0');

    public string UnitFile(int unit) => System.IO.Path.Combine(Units, $"{NameOf(unit)}.json");

    /// <summary>Where a unit's result is, once there is one.</summary>
    public string ResultFolder(int unit) => System.IO.Path.Combine(Units, NameOf(unit));

    /// <exception cref="RunDamagedException">It is missing, damaged, newer, or not the one that was planned.</exception>
    public FleetUnit ReadUnit(int unit)
    {
        string path = UnitFile(unit);
        FleetUnit read = JsonFile.Read(path, FleetJson.Plain.FleetUnit);
        if (read.Plan != Plan.Id) throw Foreign(path, read.Plan);
        return HashOf(path) == Plan.Units[unit - 1] && read.Number == unit ? read
            : throw new RunDamagedException(path, null, $"is not unit {unit} as it was planned; expected SHA-256 "
                + $"{Plan.Units[unit - 1]}");
    }

    /// <summary>The result of a unit that is done, verified as far as its own file goes.</summary>
    /// <exception cref="RunDamagedException">It is damaged, newer, of another plan or of another unit.</exception>
    public UnitResult ReadResult(int unit)
    {
        string path = System.IO.Path.Combine(ResultFolder(unit), ResultFile);
        UnitResult read = JsonFile.Read(path, FleetJson.Plain.UnitResult);
        if (read.Plan != Plan.Id) throw Foreign(path, read.Plan);
        if (read.Unit != unit) throw new RunDamagedException(path, null, $"is of unit {read.Unit}; expected {unit}");
        if (read.Asked != Plan.Units[unit - 1]) throw new RunDamagedException(path, null,
            $"answers a unit with SHA-256 {read.Asked}; expected {Plan.Units[unit - 1]}");
        (object? answer, string key) = Plan.Kind switch
        {
            UnitKind.Block => ((object?)read.Block, "block"),
            UnitKind.Run => (read.Run, "run"),
            _ => (read.Explored, "explored"),
        };
        if (answer is null) throw new RunDamagedException(path, null, $"holds no answer; expected '{key}'");
        return UnitCodes.Deserved(read) is { } code && code != read.ExitCode ? throw WrongCode(path, read.ExitCode, $"{code}")
            : read;
    }

    /// <summary>As <see cref="ReadResult"/>, with every file that the result names; what was measured has to be there, and its
    /// verdicts to agree with the exit codes.</summary>
    /// <exception cref="RunDamagedException">Also for a file that is missing or another.</exception>
    public UnitResult ReadWhole(int unit)
    {
        UnitResult result = ReadResult(unit);
        foreach ((string name, string hash) in result.Files)
        {
            string path = System.IO.Path.Combine(ResultFolder(unit), name);
            if (HashOf(path) != hash) throw new RunDamagedException(path, null, $"has been changed; expected SHA-256 {hash}");
        }
        foreach ((string run, int code) in UnitCodes.Runs(result))
        {
            IReadOnlyList<int> possible = UnitCodes.Possible(ReadRun(System.IO.Path.Combine(ResultFolder(unit), "runs", run)));
            if (!possible.Contains(code)) throw WrongCode(
                System.IO.Path.Combine(ResultFolder(unit), ResultFile), code, $"{string.Join(" or ", possible)} by run '{run}'");
        }
        return result;
    }

    private static Manifest ReadRun(string folder)
    {
        try
        {
            return new RunStore(System.IO.Path.GetDirectoryName(folder)!).OpenSummary(folder).Manifest;
        }
        catch (RunNotFoundException)
        {
            throw new RunDamagedException(folder, null, "is missing; expected a run folder");
        }
    }

    private static RunDamagedException WrongCode(string path, int code, string expected) =>
        new(path, null, $"says exit code {code}, which is not what was found; expected {expected}");

    /// <summary>The attempts of a unit that ended without an answer, the first first; what cannot be read is left out.</summary>
    public IReadOnlyList<UnitResult> ReadAttempts(int unit)
    {
        List<UnitResult> attempts = [];
        for (int number = 1; Directory.Exists(AttemptFolder(unit, number)); number++)
        {
            try
            {
                attempts.Add(JsonFile.Read(System.IO.Path.Combine(AttemptFolder(unit, number), ResultFile),
                    FleetJson.Plain.UnitResult));
            }
            catch (RunDamagedException)
            {
                // It says nothing more than its name does.
            }
        }
        return attempts;
    }

    public string AttemptFolder(int unit, int number) => System.IO.Path.Combine(Units,
        string.Create(CultureInfo.InvariantCulture, $"{NameOf(unit)}.failed.{number}"));

    /// <summary>Every unit, by one look at the names; a running one is looked at closer.</summary>
    public IReadOnlyList<UnitListing> List()
    {
        bool[] isDone = new bool[Count + 1];
        int[] attempts = new int[Count + 1];
        List<string>[] begun = new List<string>[Count + 1];
        foreach (string folder in Folders())
        {
            string name = System.IO.Path.GetFileName(folder);
            string[] parts = name.Split('.', 3);
            if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int unit)
                || unit < 1 || unit > Count || parts[0] != NameOf(unit))
            {
                continue;
            }
            if (parts.Length == 1) isDone[unit] = true;
            else if (parts[1] == "failed") attempts[unit]++;
            else if (parts[1] == "tmp") (begun[unit] ??= []).Add(folder);
        }
        if (Directory.Exists(Learnt)) LeaveOutVoid(isDone);
        DateTime now = begun.Any(one => one is not null) ? Now() : default;
        return [.. Enumerable.Range(1, Count).Select(unit => new UnitListing(unit,
            isDone[unit] ? UnitState.Done : begun[unit]?.Any(one => IsAlive(one, now)) == true ? UnitState.Running
                : attempts[unit] > 0 && !IsToBeBegunAgain(unit) ? UnitState.Failed : UnitState.Missing, attempts[unit]))];
    }

    /// <summary>What parts of an exploration have taught, beyond what each finds out by itself; null for nothing.</summary>
    /// <exception cref="RunDamagedException">It cannot be understood.</exception>
    public ShardLearnt? ReadLearnt(int exploration) =>
        File.Exists(LearntFile(exploration)) ? JsonFile.Read(LearntFile(exploration), FleetJson.Plain.ShardLearnt) : null;

    /// <summary>What was explored knowing less is void from here on.</summary>
    /// <exception cref="ResultsUnwritableException">No place, permission or space.</exception>
    public void WriteLearnt(int exploration, ShardLearnt learnt) =>
        Write(LearntFile(exploration), learnt, FleetJson.Plain.ShardLearnt);

    /// <summary>True if it holds a part that was explored before something was learnt that it had to know.</summary>
    public bool IsVoid(UnitResult result) => (result.Explored ?? []).Any(
        one => one.Part is { } part && part.Began != (ReadLearnt(one.Exploration)?.Model ?? ""));

    private void LeaveOutVoid(bool[] isDone)
    {
        for (int unit = 1; unit <= Count; unit++)
        {
            try
            {
                if (isDone[unit]) isDone[unit] = !IsVoid(ReadResult(unit));
            }
            catch (RunDamagedException)
            {
                // Whoever reads it will say so.
            }
        }
    }

    /// <summary>What an attempt that ended without an answer asks for: one on a machine that was unfit or disturbed, or that was
    /// interrupted, is made again.</summary>
    private bool IsToBeBegunAgain(int unit) => ReadAttempts(unit) is [.., { ExitCode: 5 or 130 }];

    /// <summary>Machines that were unfit so often in a row that they take no more.</summary>
    public IReadOnlyList<HostRecord> Drained(int unfitMax)
    {
        string hosts = System.IO.Path.Combine(Path, "hosts");
        return !Directory.Exists(hosts) ? []
            : [.. Directory.EnumerateFiles(hosts, "*.json").Order(StringComparer.Ordinal).Select(ReadHost).OfType<HostRecord>()
                .Where(host => host.UnfitInRow >= unfitMax)];
    }

    public HostRecord? ReadHost(string fileOrName)
    {
        string path = fileOrName.EndsWith(".json", StringComparison.Ordinal) ? fileOrName : HostFile(fileOrName);
        try
        {
            return File.Exists(path) ? JsonFile.Read(path, FleetJson.Plain.HostRecord) : null;
        }
        catch (RunDamagedException)
        {
            return null; // the next unit on that machine writes it again
        }
    }

    public void WriteHost(HostRecord host) => Write(HostFile(host.Host), host, FleetJson.Plain.HostRecord);

    /// <summary>Writes who is at it, then the result; both are on disk when this returns.</summary>
    public static void WriteClaim(string folder, UnitClaim claim) =>
        Write(System.IO.Path.Combine(folder, ClaimFile), claim, FleetJson.Plain.UnitClaim);

    public static void WriteResult(string folder, UnitResult result) =>
        Write(System.IO.Path.Combine(folder, ResultFile), result, FleetJson.Plain.UnitResult);

    public static string HashOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(Sha256.Hash(bytes));

    /// <exception cref="RunDamagedException">It cannot be read.</exception>
    public static string HashOf(string path)
    {
        try
        {
            return HashOf(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RunDamagedException.Unreadable(path, e);
        }
    }

    private string Learnt => System.IO.Path.Combine(Path, "learnt");

    private string LearntFile(int exploration) => System.IO.Path.Combine(Learnt,
        string.Create(CultureInfo.InvariantCulture, $"{exploration:0000}.json"));

    private string HostFile(string host) => System.IO.Path.Combine(Path, "hosts", $"{host}.json");

    private IEnumerable<string> Folders() => Directory.Exists(Units) ? Directory.EnumerateDirectories(Units) : [];

    private static bool IsAlive(string attempt, DateTime now)
    {
        try
        {
            UnitClaim claim = JsonFile.Read(System.IO.Path.Combine(attempt, ClaimFile), FleetJson.Plain.UnitClaim);
            if (claim.Process.BootId == WriterProcess.Current.BootId && claim.Host == Environment.MachineName)
            {
                return claim.Process.IsAlive();
            }
            return now - File.GetLastWriteTimeUtc(System.IO.Path.Combine(attempt, AliveFile)) < SilenceMax;
        }
        catch (RunDamagedException)
        {
            return false;
        }
    }

    /// <summary>By the clock of the file system, which may be another machine's.</summary>
    private DateTime Now()
    {
        string probe = System.IO.Path.Combine(Path, $".now.{Environment.ProcessId}");
        try
        {
            File.WriteAllText(probe, "");
            DateTime now = File.GetLastWriteTimeUtc(probe);
            File.Delete(probe);
            return now;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return DateTime.UtcNow; // a plan that may only be read
        }
    }

    private RunDamagedException Foreign(string path, string plan) =>
        new(path, null, $"belongs to plan {Domain.Shorten(plan)}; expected {Plan.Id}");

    private static void Write<T>(string path, T value, JsonTypeInfo<T> type) =>
        StagedFiles.WriteOne(path, to => JsonSerializer.Serialize(to, value, type));

    private static int DigitsOf(int units) => Math.Max(DigitsMin, units.ToString(CultureInfo.InvariantCulture).Length);

    private static (string, string)? Odd(FleetPlan plan) => plan.Units.Count == 0
        ? ("units", "'units' is empty; expected at least one")
        : plan.Kind == UnitKind.Block && plan.Comparison is null
        ? ("kind", "'kind' is block, and there is no 'comparison'; expected one") : null;
}
