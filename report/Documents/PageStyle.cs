namespace Lab.Report.Documents;

/// <summary>A page's style and its one script. Nothing is fetched: no font, no image, no address.</summary>
internal static class PageStyle
{
    internal const string Css = """
        :root{color-scheme:light dark;--page:#fff;--ink:#1f2429;--soft:#57606a;--line:#d8dee4;--band:#f5f7f9;--bad:#b42318;--badbg:#fdecea;--shade:#0003;
          --warn:#8a5a00;--warnbg:#fff4dc;--good:#116b3a;--goodbg:#e6f4ec}
        @media (prefers-color-scheme:dark){:root{--page:#15181c;--ink:#e6e9ec;--soft:#a3adb7;--line:#333a42;--band:#1c2126;--bad:#ff9b8f;
          --badbg:#3a1a17;--shade:#0009;--warn:#f2c367;--warnbg:#33280f;--good:#7ad7a1;--goodbg:#12301f}}
        @media print{:root{color-scheme:light;--page:#fff;--ink:#000;--soft:#444;--line:#bbb;--band:#f3f3f3;--bad:#b42318;--badbg:#fff;
          --warn:#6b4600;--warnbg:#fff;--good:#116b3a;--goodbg:#fff}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
        main{max-width:1080px;margin:0 auto;padding:24px 20px 64px}
        h1{font-size:26px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
        h2{font-size:20px;margin:44px 0 8px;padding-top:12px;border-top:1px solid var(--line);overflow-wrap:anywhere}
        h3{font-size:16px;margin:24px 0 6px}h4{font-size:14px;margin:16px 0 4px;overflow-wrap:anywhere}h3 .soft,h4 .soft{font-weight:400}
        p{margin:8px 0}.soft{color:var(--soft)}
        .verdict{margin:16px 0;padding:14px 16px;border-left:4px solid var(--good);background:var(--goodbg);border-radius:4px;font-size:16px}
        .verdict.bad{border-color:var(--bad);background:var(--badbg)}.verdict.warn{border-color:var(--warn);background:var(--warnbg)}
        .mark{display:inline-block;margin-left:6px;padding:0 6px;border:1px solid;border-radius:9px;font-size:11px;font-weight:600;line-height:17px;vertical-align:1px}
        .verdict.bad,.verdict.warn,.verdict.good{color:var(--ink)}.mark.soft{color:var(--soft)}
        .next{font-size:14px;margin:4px 0}code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--band);padding:1px 5px;border-radius:4px;overflow-wrap:anywhere}
        nav{margin-top:14px;display:flex;flex-wrap:wrap;gap:6px 16px}nav a{color:inherit}
        .scroll{overflow-x:auto;max-width:100%;background:linear-gradient(to left,var(--page) 30%,transparent) 100% 0/40px 100% no-repeat local,
          linear-gradient(to left,var(--shade),transparent) 100% 0/14px 100% no-repeat scroll}.scroll:focus-visible{outline:2px solid var(--soft);outline-offset:2px}
        table{border-collapse:separate;border-spacing:0;font-variant-numeric:tabular-nums;font-size:14px;width:100%}
        th,td{padding:5px 10px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
        th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:var(--page)}
        thead th{font-weight:600;white-space:normal;vertical-align:bottom;color:var(--soft);border-bottom:2px solid var(--line)}
        tr.broken td{color:var(--bad)}tr.bound td{color:var(--soft)}
        th button{all:unset;cursor:pointer}th button:focus-visible{outline:2px solid currentColor;outline-offset:2px}
        th[aria-sort=ascending] button::after{content:" \25B4"}th[aria-sort=descending] button::after{content:" \25BE"}
        .verdict-mark{display:inline-block;min-width:1em;font-weight:700;text-align:center}.narrow{display:none}.line{display:block}.line:first-child{font-weight:600}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
        td.word,th.word,table.events td,table.events th,table.facts td,table.facts th{text-align:left}
        table.facts{width:auto}table.facts td{white-space:normal;overflow-wrap:anywhere}table.facts th{font-weight:400;color:var(--soft)}
        figure{margin:18px 0}figure svg{display:block;width:100%;height:auto;border:1px solid var(--line);border-radius:6px}
        details{margin:8px 0;border:1px solid var(--line);border-radius:6px;padding:8px 12px}summary{cursor:pointer}
        pre{margin:8px 0;padding:10px 12px;background:var(--band);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        ul{margin:6px 0;padding-left:22px}
        @media (max-width:600px){thead th{white-space:nowrap}td:first-child{white-space:normal;overflow-wrap:anywhere;min-width:8em;max-width:40vw}.verdict{font-size:15px}.narrow{display:inline-block;margin-left:4px}main{padding:16px 14px 40px}h1{font-size:21px}th,td{padding:5px 8px}table.facts th{white-space:normal}}
        @media print{main{max-width:none;padding:0}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}
          .scroll{overflow:visible}nav{display:none}table{font-size:11px}th,td{padding:3px 5px}th,td.word,td:first-child,.events td{white-space:normal;overflow-wrap:anywhere}th button{overflow-wrap:normal}td:first-child{position:static}}
        """;

    /// <summary>Sorts a table by the column whose heading is pressed; what has no number stays at the end.</summary>
    internal const string Script = """
        document.querySelectorAll('table.sortable').forEach(function(table){
          table.querySelectorAll('thead button').forEach(function(button){
            button.addEventListener('click',function(){
              var head=button.parentNode,column=head.cellIndex,body=table.tBodies[0];
              var up=head.getAttribute('aria-sort')!=='ascending';
              table.querySelectorAll('th').forEach(function(th){th.removeAttribute('aria-sort')});
              head.setAttribute('aria-sort',up?'ascending':'descending');
              Array.from(body.rows).sort(function(a,b){
                var x=a.cells[column].dataset.value,y=b.cells[column].dataset.value;
                if(x===''||y==='')return (x==='')-(y==='');
                var d=x-y;if(d!==d)d=x.localeCompare(y);
                return up?d:-d;
              }).forEach(function(row){body.appendChild(row)});
            });
          });
        });
        """;
}
