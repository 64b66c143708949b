using System.CommandLine;
using System.Globalization;
using Lab.Application;
using Lab.Application.Comparing;
using Lab.Application.Reproducing;
using Lab.Application.Settings;
using Lab.Cli.Options;
using Lab.Report.Claims;
using Lab.Report.Documents;
using Lab.Results;
using Lab.Settings;

namespace Lab.Cli.Reproduce;

/// <summary><c>lab reproduce</c>: what was claimed about the strategies, and whether this machine shows it. The report is written
/// after each claim, so that whoever interrupts it keeps those that are done.</summary>
internal sealed class ReproduceCommand(
    IReadOnlyList<Claim> claims, ReproductionSettings settings, OutputFormat format, string root, LabConsole console)
{
    private static IReadOnlyList<Claim> ThereAre => Lab.Application.Reproducing.Claims.All;

    public static Command Build(LabConsole console)
    {
        SettingOptions options = new(ReproductionSettings.Group.Settings);
        Argument<string[]> wanted = new("claims")
        {
            Description = $"{string.Join(", ", ThereAre.Select(one => one.Id))}; all unless told",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Command command = new("reproduce", "what was claimed about strategies, and does this machine show it") { wanted };
        options.AddTo(command);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            SettingValues values = options.Read(parsed);
            return new ReproduceCommand(ClaimsNamed(parsed.GetValue(wanted) ?? []), ReproductionSettings.Of(values),
                FormatOf(values), values.Of(ReproductionSettings.Out), console).Execute(console.Signals.Token);
        }));
        return command;
    }

    public int Execute(CancellationToken cancellation)
    {
        DateTimeOffset started = DateTimeOffset.UtcNow;
        string folder = Path.GetFullPath(Path.Combine(root, string.Create(CultureInfo.InvariantCulture,
            $"{started:yyyyMMdd'T'HHmmss'Z'}-{Random.Shared.GetHexString(6, lowercase: true)}")));
        string runs = Path.Combine(folder, "runs");
        Reproduction reproduction = new(new LocalProcess(runs), runs, settings, console.Error);
        ReproductionReport report = new(started, Environment.ProcessorCount);
        console.Error.WriteLine($"{claims.Count} claims, about {Quantities.DescribeLeft(reproduction.Estimate(claims))}; "
            + $"reports and runs go to '{folder}'");
        Create(runs);
        console.Signals.Saves($"the rounds that were measured are being judged; report in '{folder}'");
        List<ShownClaim> shown = [];
        foreach (Claim claim in claims)
        {
            if (cancellation.IsCancellationRequested || reproduction.Show(claim, cancellation) is not { } one) break;
            shown.Add(one);
            Save(folder, "reproduction.json", Records.Json(report.Json(shown)));
            Save(folder, "report.md", Markdown());
            if (format == OutputFormat.Table) console.Text.Write(report.Of(one));
        }
        if (format == OutputFormat.Table && shown.Count > 1)
        {
            console.Text.Write(new Document("") { Parts = [ReproductionReport.Sum(shown)] });
        }
        else if (format == OutputFormat.Json) console.Out.WriteLine(Records.Json(report.Json(shown)));
        else if (format == OutputFormat.Markdown) console.Out.Write(Markdown());
        if (shown.Count > 0) console.Error.WriteLine($"report: {Path.Combine(folder, "report.md")}");
        if (!cancellation.IsCancellationRequested)
        {
            return shown.Exists(one => one.HasBroken) ? ExitCode.InvariantViolated : ExitCode.Fine;
        }
        console.Error.WriteLine($"interrupted: {shown.Count} of {claims.Count} claims were judged.");
        return ExitCode.Interrupted;

        string Markdown()
        {
            using StringWriter text = new();
            new MarkdownWriter(text, isFile: true).Write(report.Of(shown));
            return text.ToString();
        }
    }

    private static IReadOnlyList<Claim> ClaimsNamed(string[] ids) => ids.Length == 0 ? ThereAre :
        [.. ids.Select(id => Names.Find("claim", id.ToUpperInvariant(), ThereAre, one => one.Id)).Distinct()];

    private static OutputFormat FormatOf(SettingValues values) =>
        values.Of(ReproductionSettings.Format) is not OutputFormat.Csv and var format ? format
            : throw new UsageException("--format csv is not of this verb; there are table, json and markdown.");

    private static void Create(string runs)
    {
        try
        {
            Directory.CreateDirectory(runs);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new ResultsUnwritableException(runs, refused);
        }
    }

    private static void Save(string folder, string name, string text)
    {
        string path = Path.Combine(folder, name);
        try
        {
            File.WriteAllText(path, text);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new ResultsUnwritableException(path, refused);
        }
    }
}
